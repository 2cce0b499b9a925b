// Every name that is stored in Redis. A name says all that its value depends on: what changes has another
// name, so nothing is ever invalidated, and old values end by their expiry. Names have no hash tag (braces):
// a Cluster spreads them over all its nodes.

import { assert } from '../core/assert.js';
import type { Uuid } from '../core/uuid.js';
import type { SharedKind } from './shared-cache.js';

// The number is that of the format of all values: a release that writes another one finds nothing of its
// predecessors, and both can share a server while replicas are replaced.
const PREFIX = 'econ-graph:1';

const KINDS: Record<SharedKind, string> = { batches: 'batch', responses: 'response' };

/** Some row groups of a file. */
export interface NamedSpan {
  readonly from: number;
  readonly to: number;
}

/** Of the rows of one file, or of some of its row groups, by the checksum over its every byte. */
export function batchName(seriesId: Uuid, sha256: string, span?: NamedSpan): string {
  return span ? `${seriesId}:${sha256}:${span.from}-${span.to}` : `${seriesId}:${sha256}`;
}

/**
 * Of an answer.
 * @param epoch of the process that made it: the versions that stand beside the answer, in the value, mean something
 *   there only
 * @param key a hash of the query, its operation name and its variables
 */
export function responseName(epoch: string, key: string): string {
  return `${epoch}:${key}`;
}

/** What Redis knows a value by. */
export function redisKey(kind: SharedKind, name: string): string {
  assert(!/[{}\s]/.test(name), 'a name has no hash tag and no space in it');
  return `${PREFIX}:${KINDS[kind]}:${name}`;
}

/**
 * A key that never has a value, and that the node answers for that answers for `key`: the hash tag is the
 * whole of `key`.
 */
export function probeKey(key: string): string {
  return `${PREFIX}:probe:{${key}}`;
}

/** For a probe where no key has failed. */
export const ANY_KEY = `${PREFIX}:any`;
