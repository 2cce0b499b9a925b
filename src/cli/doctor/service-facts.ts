// Asks the service that the settings lead to, if one is there, as any client would.

import type { Config } from '../../config/environment.js';
import { messageOf } from '../../core/app-error.js';
import { CACHE_LOOKUPS_TOTAL } from '../../metrics/definitions/cache.js';
import { STORAGE_POINTS, STORAGE_SERIES } from '../../metrics/definitions/catalogue.js';
import { BUILD_INFO } from '../../metrics/definitions/process.js';
import {
  FLIGHT_CALLS_TOTAL,
  GRAPHQL_OPERATIONS_TOTAL,
  HTTP_REQUESTS_TOTAL,
} from '../../metrics/definitions/requests.js';
import {
  STORAGE_DELTA_BYTES,
  STORAGE_LOG_BYTES,
  STORAGE_OLDEST_CHANGE_AGE_SECONDS,
  STORAGE_OPERATIONS_TOTAL,
} from '../../metrics/definitions/storage.js';
import { EVENT_LOOP_HELD_SECONDS } from '../../metrics/event-loop.js';
import { errorCode } from '../../storage/disk.js';
import type { HealthFacts, KeyFigures, ServiceFacts } from './facts.js';
import { MetricsText } from './metrics-text.js';
import type { Secrets } from './secrets.js';

/** A service whose disk hangs answers late, and one that does not answer by now is not well. */
const ANSWER_MILLISECONDS = 5_000;
/** A hundred times what the service answers. */
const ANSWER_BYTES_MAX = 10_000_000;

type Address = Pick<Config, 'host' | 'port'>;

export async function serviceFacts(
  address: Address,
  secrets: Secrets,
  answerMilliseconds = ANSWER_MILLISECONDS,
): Promise<ServiceFacts> {
  // Any free port: nobody knows which.
  if (address.port === 0) return { state: 'not asked' };
  const url = urlOf(address);
  let health: HealthFacts | undefined;
  try {
    health = healthOf(await answerOf(`${url}/health`, answerMilliseconds), secrets);
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    if (errorCode(cause) === 'ECONNREFUSED') return { state: 'not running' };
    const reason = secrets.hide(errorCode(cause) ?? messageOf(cause));
    return { state: 'silent', address: secrets.hide(url), reason };
  }
  if (health === undefined) {
    const reason = 'what it answers at /health is not the report of this service';
    return { state: 'foreign', address: secrets.hide(url), reason };
  }
  return {
    state: 'answers',
    address: secrets.hide(url),
    health,
    metrics: await keyFigures(url, secrets, answerMilliseconds),
  };
}

/** What listens on every interface is asked on this machine. */
function urlOf({ host, port }: Address): string {
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

async function answerOf(url: string, milliseconds: number): Promise<string> {
  const signal = AbortSignal.timeout(milliseconds);
  const response = await fetch(url, { signal, redirect: 'manual' });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Bytes, by the Fetch standard; the types of Node.js do not say so.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > ANSWER_BYTES_MAX) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Undefined where it is something else. */
function healthOf(text: string, secrets: Secrets): HealthFacts | undefined {
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(report)) return undefined;
  const { status, checks, metrics } = report;
  if (typeof status !== 'string' || !isRecord(checks) || !isRecord(metrics)) return undefined;
  const uptime = Number(metrics['uptime_seconds']);
  return {
    status: secrets.hide(status),
    uptimeSeconds: Number.isFinite(uptime) ? uptime : undefined,
    checks: Object.entries(checks).map(([name, check]) => {
      const { status: state, message } = isRecord(check) ? check : {};
      return {
        name: secrets.hide(name),
        status: typeof state === 'string' ? secrets.hide(state) : 'unknown',
        message: typeof message === 'string' ? secrets.hide(message) : '',
      };
    }),
  };
}

async function keyFigures(
  url: string,
  secrets: Secrets,
  milliseconds: number,
): Promise<KeyFigures | undefined> {
  let metrics: MetricsText;
  try {
    metrics = new MetricsText(await answerOf(`${url}/metrics`, milliseconds));
  } catch {
    // Told on the page: the report on health was there a moment ago.
    return undefined;
  }
  const lookUps = CACHE_LOOKUPS_TOTAL.name;
  const hitRatios = metrics.labels(lookUps, 'cache').flatMap((cache) => {
    const of = { cache, level: 'memory' };
    const all = metrics.sum(lookUps, of);
    return all === 0 ? [] : [[cache, metrics.sum(lookUps, { ...of, outcome: 'hit' }) / all]];
  });
  const version = metrics.labels(BUILD_INFO.name, 'version')[0];
  return {
    version: version === undefined ? undefined : secrets.hide(version),
    residentBytes: metrics.value('process_resident_memory_bytes'),
    openFiles: metrics.value('process_open_fds'),
    openFilesMax: metrics.value('process_max_fds'),
    series: metrics.value(STORAGE_SERIES.name),
    points: metrics.value(STORAGE_POINTS.name),
    logBytes: metrics.value(STORAGE_LOG_BYTES.name),
    deltaBytes: metrics.value(STORAGE_DELTA_BYTES.name),
    oldestChangeSeconds: metrics.value(STORAGE_OLDEST_CHANGE_AGE_SECONDS.name),
    heldSeconds: metrics.value(EVENT_LOOP_HELD_SECONDS.name),
    hitRatios: Object.fromEntries(hitRatios) as Readonly<Record<string, number>>,
    errors: {
      graphql: metrics.sum(GRAPHQL_OPERATIONS_TOTAL.name, { outcome: 'error' }),
      flight: metrics.sum(FLIGHT_CALLS_TOTAL.name, { outcome: 'error' }),
      http: metrics
        .labels(HTTP_REQUESTS_TOTAL.name, 'status')
        .filter((status) => /^5\d\d$/.test(status))
        .reduce((sum, status) => sum + metrics.sum(HTTP_REQUESTS_TOTAL.name, { status }), 0),
      storage: metrics.sum(STORAGE_OPERATIONS_TOTAL.name, { outcome: 'failure' }),
    },
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
