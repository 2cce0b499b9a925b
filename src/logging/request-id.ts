// What a request is called in the log and in its answer: the name that its caller gave it, where that can be
// written anywhere without harm, or else a new one.

import { randomUUID } from 'node:crypto';

/** What requests and answers carry it in, over HTTP and over Flight. */
export const REQUEST_ID_HEADER = 'x-request-id';
export const TRACE_HEADER = 'traceparent';

const REQUEST_ID = /^[A-Za-z0-9._:/+=@-]{1,128}$/;

/** W3C Trace Context, section 3.2: a later version may say more behind the flags; version ff is none. */
const TRACE_PARENT = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;
const ALL_ZEROS = /^0+$/;

/**
 * @param named the value of `x-request-id`, if there is one
 * @param traceParent the value of `traceparent`, if there is one
 */
export function requestIdOf(named: unknown, traceParent: unknown): string {
  if (typeof named === 'string' && REQUEST_ID.test(named)) return named;
  return (typeof traceParent === 'string' && traceIdOf(traceParent)) || randomUUID();
}

/** Undefined where it is none. */
function traceIdOf(traceParent: string): string | undefined {
  const [, version, traceId, parentId, more] = TRACE_PARENT.exec(traceParent) ?? [];
  if (traceId === undefined || parentId === undefined) return undefined;
  if (version === '00' && more !== undefined) return undefined;
  return ALL_ZEROS.test(traceId) || ALL_ZEROS.test(parentId) ? undefined : traceId;
}
