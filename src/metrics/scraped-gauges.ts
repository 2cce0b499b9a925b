// Gauges of what is known anyway, somewhere else: they ask there whenever they are scraped, so that they cannot be
// out of date, and nothing has to be told to them on the way of a request.

import { Injectable } from '@nestjs/common';
import { Gauge, register } from 'prom-client';
import type { MetricDefinition } from './definitions/metric-definition.js';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

@Injectable()
export class ScrapedGauges {
  /** @param read never fails: one that did would leave the whole scrape without an answer */
  read(
    { name, help, labelNames = [] }: MetricDefinition & { readonly type: 'gauge' },
    read: () => number | Promise<number> | readonly Sample[],
  ): void {
    // The registry outlives the applications that are made in one process: the last one counts.
    register.removeSingleMetric(name);
    const collect = async (): Promise<void> => {
      const reading = await read();
      // Labels that are gone go.
      gauge.reset();
      if (typeof reading === 'number') gauge.set(reading);
      else for (const { labels, value } of reading) gauge.set(labels, value);
    };
    const gauge = new Gauge({ name, help, labelNames, collect });
  }
}
