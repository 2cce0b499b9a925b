// How a service says it is, in one look.

import { ask, NoAnswerError, type Question } from './ask.js';

export const PROBES = ['ready', 'startup', 'live'] as const;
export type Probe = (typeof PROBES)[number];

export interface Finding {
  readonly isGood: boolean;
  /** What to say of the service, behind its address. */
  readonly text: string;
}

const GOOD: Readonly<Record<Probe, string>> = {
  ready: 'is ready',
  startup: 'has started',
  live: 'is alive',
};
const BAD: Readonly<Record<Probe, string>> = {
  ready: 'is not ready',
  startup: 'has not started',
  live: 'is not alive',
};

/** Whatever comes of it is a finding. @param base of the service, ending in a slash */
export async function probe(base: URL, which: Probe, question: Question): Promise<Finding> {
  try {
    const { status, text } = await ask(new URL(`health/${which}`, base), question);
    const report = reportOf(text);
    if (report === undefined) {
      return bad(`does not answer like this service: status ${status} to GET /health/${which}`);
    }
    if (status === 200) return { isGood: true, text: GOOD[which] };
    return bad(`${BAD[which]}: ${report.reason ?? `status ${status}`}`);
  } catch (error) {
    if (!(error instanceof NoAnswerError)) throw error;
    return bad(`cannot be reached: ${error.message}`);
  }
}

function bad(text: string): Finding {
  return { isGood: false, text };
}

const STATUSES: readonly unknown[] = ['ready', 'not ready', 'alive'];

/** Undefined where it is not from this service. */
function reportOf(text: string): { readonly reason: string | undefined } | undefined {
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof report !== 'object' || report === null || !('status' in report)) return undefined;
  if (!STATUSES.includes(report.status)) return undefined;
  return { reason: 'reason' in report ? String(report.reason) : undefined };
}
