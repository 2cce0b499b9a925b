// What /metrics answers, what docs/metrics.md says of it, and the rules of Prometheus for both.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METRICS } from '../../src/metrics/all-metrics.js';
import { promtool, skipPrometheusTests } from '../support/prometheus-server.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const skipped = skipPrometheusTests();

let app: TestApp;
let answer: string;
beforeAll(async () => {
  app = await startTestApp();
  await app.query('{ health }');
  answer = await (await fetch(`${app.url}/metrics`)).text();
});
afterAll(() => app.close());

/** Name and type, as `name type`. */
const exposed = (): string[] =>
  [...answer.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`);

const documented = [
  ...readFileSync('docs/metrics.md', 'utf8').matchAll(/^\| `(\w+)` +\| (\w+)/gm),
].map(([, name, type]) => `${name} ${type}`);

describe('docs/metrics.md', () => {
  it('names every metric that is exposed, with its type, and no other', () => {
    expect(exposed().toSorted()).toEqual(documented.toSorted());
  });

  it('has all four types', () => {
    const types = new Set(documented.map((entry) => entry.split(' ')[1]));
    expect([...types].toSorted()).toEqual(['counter', 'gauge', 'histogram', 'summary']);
  });

  it('has an example for each of our metrics that asks for it', () => {
    for (const { name, example } of Object.values(METRICS).flat()) expect(example).toContain(name);
  });
});

describe('the names of metrics', () => {
  it('are words in lower case, and no type is part of them', () => {
    for (const { name } of Object.values(METRICS).flat()) {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(name).not.toMatch(/_(counter|gauge|histogram|summary)(_|$)/);
    }
  });

  it('say that they count, and counters only', () => {
    for (const { name, type } of Object.values(METRICS).flat()) {
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
    }
  });

  it('have the base unit as their suffix where they measure', () => {
    const measured = Object.values(METRICS)
      .flat()
      .filter(({ name }) => /_(duration|age|held|bytes|ratio|timestamp)_/.test(name));
    for (const { name } of measured) {
      expect(name).toMatch(/_(seconds|bytes|ratio)(_total)?$/);
    }
  });

  it.skipIf(skipped)('pass the check of promtool, with all that was answered', () => {
    expect(promtool(['check', 'metrics'], answer)).toEqual({ status: 0, output: '' });
  });
});

describe('a scrape', () => {
  it('has few time series, however much is asked', async () => {
    for (let n = 0; n < 300; n++) await app.query(`query Name${n} { health }`);
    for (let n = 0; n < 100; n++) await fetch(`${app.url}/nowhere/${n}`);
    const text = await (await fetch(`${app.url}/metrics`)).text();
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(samples.length).toBeLessThan(1000);
    expect(text).not.toContain('Name7');
    expect(text).not.toContain('nowhere');
  });

  it('tells which build runs', () => {
    expect(answer).toMatch(
      /^build_info\{version="\d+\.\d+\.\d+[^"]*",node_version="v\d+\.[^"]+"\} 1$/m,
    );
  });

  it('has no sample of Redis where there is none', () => {
    expect(answer).not.toMatch(/^cache_redis_up /m);
  });
});
