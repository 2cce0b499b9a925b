// How long the event loop was held: what every request waits for, whatever it asks. Node's own histogram takes the
// time between the rings of a timer (perf_hooks); what is over its interval, somebody held the loop.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Gauge } from 'prom-client';
import type { MetricDefinition } from './definitions/metric-definition.js';

/** Fine enough for pieces of work of 5 ms, and 200 wake-ups a second cost nothing. */
const INTERVAL_MILLISECONDS = 5;
/** Longer than the usual interval of scrapes, so that none misses anything; scrapes do not change what others see. */
const WINDOW_MILLISECONDS = 30_000;
const PERCENTILES = [50, 99, 100];
const NANOSECONDS_PER_SECOND = 1e9;

const rings = monitorEventLoopDelay({ resolution: INTERVAL_MILLISECONDS });
/** By percentile, of the window before: seconds. */
let before = new Map<number, number>();
let turning: NodeJS.Timeout | undefined;

/** Begins to measure; no timer of it keeps the process alive. */
export function watchEventLoop(): void {
  if (turning) return;
  rings.enable();
  turning = setInterval(() => {
    before = new Map(PERCENTILES.map((percentile) => [percentile, heldAt(percentile)]));
    rings.reset();
  }, WINDOW_MILLISECONDS).unref();
}

/** How long it was held in one go in the last 30 to 60 seconds, at most. */
export function longestHoldSeconds(): number {
  return heldOf(100);
}

/** Seconds of this window and of the one before. */
function heldOf(percentile: number): number {
  return Math.max(before.get(percentile) ?? 0, heldAt(percentile));
}

/** Seconds of this window. */
function heldAt(percentile: number): number {
  const late = rings.percentile(percentile) / NANOSECONDS_PER_SECOND;
  return Math.max(0, late - INTERVAL_MILLISECONDS / 1000);
}

export const EVENT_LOOP_HELD_SECONDS = {
  type: 'gauge',
  name: 'event_loop_held_seconds',
  help: 'How long the event loop was held in one go in the last 30 to 60 seconds, by percentile (`100`: the longest)',
  labelNames: ['percentile'],
  example: 'event_loop_held_seconds{percentile="100"}',
  collect(this: Gauge): void {
    for (const percentile of PERCENTILES) {
      this.set({ percentile: String(percentile) }, heldOf(percentile));
    }
  },
} satisfies MetricDefinition & { readonly collect: (this: Gauge) => void };
