// The `smoke` command without its command line: an exit code out. A client of a running service from end to end, which
// leaves nothing behind: what it made is deleted whatever happened before.

import { setTimeout as rest } from 'node:timers/promises';
import { FlightReader, type FlightAddress } from '../../flight/client/flight-reader.js';
import { probe } from '../health/probe.js';
import { httpAddress, shownAddress, UsageError } from '../health/service-address.js';
import type { TextOutput } from '../import/progress.js';
import { flightAddress, shownFlightAddress } from './flight-address.js';
import { AnswerError, GraphqlClient, type CallOptions } from './graphql-client.js';
import { Steps } from './steps.js';
import { TestSeries } from './test-series.js';

export interface SmokeOptions {
  readonly url?: string;
  /** Where Arrow Flight is; false: it is left out. */
  readonly flight?: string | false;
  /** Seconds to wait until the service is ready. */
  readonly wait: number;
  /** Seconds for each answer. */
  readonly timeout: number;
}

export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** Ends the test; what it made is deleted all the same. */
  readonly interrupted?: AbortSignal;
}

const POLL_MILLISECONDS = 250;

/** @returns 0 everything works, 1 something does not, 2 wrong usage */
export async function runSmoke(
  options: SmokeOptions,
  { environment, stdout, stderr, interrupted }: Surroundings,
): Promise<0 | 1 | 2> {
  let http: URL;
  let flight: FlightAddress | undefined;
  try {
    http = httpAddress(options.url, environment);
    if (options.flight !== false) flight = flightAddress(options.flight, http, environment);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    stderr.write(`${error.message}\n`);
    return 2;
  }
  const steps = new Steps(stdout, interrupted);
  const call: CallOptions = { timeoutSeconds: options.timeout, signal: interrupted };
  if (await steps.run('ready', () => untilReady(http, options.wait, call))) {
    const leftBehind = await smoke(steps, new TestSeries(new GraphqlClient(http)), flight, call);
    if (leftBehind !== undefined) stdout.write(`${leftBehind}\n`);
  }
  const names = [shownAddress(http), ...(flight ? [shownFlightAddress(flight)] : [])].join(', ');
  const end = interrupted?.aborted ? 'interrupted' : steps.hasFailed ? 'failed' : 'passed';
  stdout.write(`${end}: ${names}\n`);
  return end === 'passed' ? 0 : 1;
}

/** @returns what may be left in the service, and what to do about it; undefined where nothing is */
async function smoke(
  steps: Steps,
  series: TestSeries,
  flight: FlightAddress | undefined,
  call: CallOptions,
): Promise<string | undefined> {
  if (await steps.run(`create ${series.externalId}`, () => series.create(call))) {
    if (await steps.run('write a point', () => series.write(call))) {
      await steps.run('read it over GraphQL', () => series.readOverGraphql(call));
      if (flight)
        await steps.run('read it over Arrow Flight', () => readOver(flight, series, call));
    }
  }
  if (series.creation === 'not tried') return undefined;
  let isClean = false;
  await steps.runAlways('leave nothing behind', async () => {
    // An interruption does not end this: it is what is left to do then.
    isClean = await series.delete({ timeoutSeconds: call.timeoutSeconds });
  });
  if (isClean) return undefined;
  return `May be left behind: series ${series.externalId}; to delete it: ${series.deletion}`;
}

async function readOver(
  address: FlightAddress,
  series: TestSeries,
  call: CallOptions,
): Promise<void> {
  const reader = new FlightReader(address);
  try {
    await series.readOverFlight(reader, call);
  } finally {
    reader.close();
  }
}

/** @throws AnswerError with the last finding */
async function untilReady(http: URL, waitSeconds: number, call: CallOptions): Promise<void> {
  const end = performance.now() + waitSeconds * 1000;
  for (;;) {
    const { isGood, text } = await probe(http, 'ready', call);
    if (isGood) return;
    if (call.signal?.aborted || performance.now() + POLL_MILLISECONDS > end) {
      throw new AnswerError(`${shownAddress(http)} ${text}`);
    }
    // An interruption ends it early, and the next question at once.
    await rest(POLL_MILLISECONDS, undefined, { signal: call.signal }).catch(() => undefined);
  }
}
