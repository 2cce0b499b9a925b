// How long the event loop was held: what every request waits for, whatever it asks. Node's own histogram takes the
// time between the rings of a timer (perf_hooks); what is over its interval, somebody held the loop.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Gauge } from 'prom-client';

/** Fine enough for pieces of work of 5 ms, and 200 wake-ups a second cost nothing. */
const INTERVAL_MILLISECONDS = 5;
const PERCENTILES = [50, 99, 100];
const NANOSECONDS_PER_SECOND = 1e9;

const rings = monitorEventLoopDelay({ resolution: INTERVAL_MILLISECONDS });

/** Begins to measure; the timer keeps no process alive. */
export function watchEventLoop(): void {
  rings.enable();
}

export const EVENT_LOOP_HELD_SECONDS = {
  name: 'event_loop_held_seconds',
  help: 'How long the event loop was held in one go since the scrape before, by quantile (1: the longest)',
  labelNames: ['quantile'],
  collect(this: Gauge): void {
    for (const percentile of PERCENTILES) {
      const late = rings.percentile(percentile) / NANOSECONDS_PER_SECOND;
      const held = Math.max(0, late - INTERVAL_MILLISECONDS / 1000);
      this.set({ quantile: String(percentile / 100) }, held);
    }
    rings.reset();
  },
};
