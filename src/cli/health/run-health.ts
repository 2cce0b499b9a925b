// The `health` command without its command line: an exit code out. A container runs it every few seconds: it loads next to
// nothing, and prints one line.

import type { TextOutput } from '../import/progress.js';
import { oneLine } from './one-line.js';
import { probe, type Probe } from './probe.js';
import { httpAddress, shownAddress, UsageError } from './service-address.js';

export interface HealthOptions {
  readonly url?: string;
  /** Where none of them is given, whether it is ready. */
  readonly ready?: boolean;
  readonly startup?: boolean;
  readonly live?: boolean;
  /** Seconds. */
  readonly timeout: number;
}

export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
}

/** @returns 0 it is, 1 it is not or cannot be reached, 2 wrong usage */
export async function runHealth(
  options: HealthOptions,
  { environment, stdout, stderr }: Surroundings,
): Promise<0 | 1 | 2> {
  let url: URL;
  try {
    url = httpAddress(options.url, environment);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    stderr.write(`${error.message}\n`);
    return 2;
  }
  const which: Probe = options.live ? 'live' : options.startup ? 'startup' : 'ready';
  const { isGood, text } = await probe(url, which, { timeoutSeconds: options.timeout });
  stdout.write(`${shownAddress(url)} ${oneLine(text)}\n`);
  return isGood ? 0 : 1;
}
