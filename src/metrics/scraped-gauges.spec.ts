import { register } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import type { MetricDefinition } from './definitions/metric-definition.js';
import { ScrapedGauges, type Sample } from './scraped-gauges.js';

const DEFINITION = {
  type: 'gauge',
  name: 'something_held',
  help: 'Something',
  labelNames: ['of'],
  example: 'something_held',
} satisfies MetricDefinition;

const exposed = (): Promise<string> => register.getSingleMetricAsString(DEFINITION.name);

afterEach(() => register.removeSingleMetric(DEFINITION.name));

describe('a scraped gauge', () => {
  it('is what is read at the moment of the scrape', async () => {
    let value = 1;
    new ScrapedGauges().read({ ...DEFINITION, labelNames: [] }, () => value);
    expect(await exposed()).toContain('something_held 1');
    value = 2;
    expect(await exposed()).toContain('something_held 2');
  });

  it('waits for what is read', async () => {
    new ScrapedGauges().read({ ...DEFINITION, labelNames: [] }, () => Promise.resolve(3));
    expect(await exposed()).toContain('something_held 3');
  });

  it('forgets labels that are gone', async () => {
    let samples: Sample[] = [{ labels: { of: 'a' }, value: 1 }];
    new ScrapedGauges().read(DEFINITION, () => samples);
    expect(await exposed()).toContain('something_held{of="a"} 1');
    samples = [{ labels: { of: 'b' }, value: 2 }];
    const text = await exposed();
    expect(text).toContain('something_held{of="b"} 2');
    expect(text).not.toContain('of="a"');
  });

  it('is that of the application that was made last', async () => {
    new ScrapedGauges().read({ ...DEFINITION, labelNames: [] }, () => 1);
    new ScrapedGauges().read({ ...DEFINITION, labelNames: [] }, () => 2);
    expect(await exposed()).toContain('something_held 2');
  });
});
