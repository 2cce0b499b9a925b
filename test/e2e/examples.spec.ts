// The two operations that users were promised, exactly as they were written for them, and those of the README.

import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPoints, createSeries, succeeded } from '../support/factories.js';
import { type GraphqlAnswer, startTestApp, type TestApp } from '../support/test-app.js';

const READ = `query { series(id: "123e4567-e89b-12d3-a456-426614174000") {
  id title description frequency
  dataPoints(startDate: "2023-01-01", endDate: "2023-12-31") { date value isOriginalRelease } } }`;

const CREATE = `mutation { createSeries(input: { sourceId: "123e4567-e89b-12d3-a456-426614174000" externalId: "GDP_US"
  title: "US Gross Domestic Product" description: "Quarterly GDP data" frequency: "quarterly" isActive: true }) { id title createdAt } }`;

describe('the promised operations', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startTestApp();
  });
  afterEach(() => app.close());

  it('read a series and a year of its points', async () => {
    const id = '123e4567-e89b-12d3-a456-426614174000';
    await createSeries(app, {
      id,
      title: 'US Gross Domestic Product',
      description: 'Quarterly GDP data',
      frequency: 'quarterly',
    });
    await createPoints(app, id, [
      { date: '2022-12-31', value: '1', revisionDate: '2023-03-01' },
      { date: '2023-01-01', value: '25000.5', revisionDate: '2023-04-27' },
      { date: '2023-10-01', value: '25500', revisionDate: '2024-01-25', isOriginalRelease: false },
      { date: '2023-12-31', value: null, revisionDate: '2024-01-25' },
      { date: '2024-01-01', value: '2', revisionDate: '2024-04-25' },
    ]);

    expect(await app.query(READ)).toEqual({
      status: 200,
      data: {
        series: {
          id,
          title: 'US Gross Domestic Product',
          description: 'Quarterly GDP data',
          frequency: 'quarterly',
          dataPoints: [
            { date: '2023-01-01', value: '25000.5', isOriginalRelease: true },
            { date: '2023-10-01', value: '25500', isOriginalRelease: false },
            { date: '2023-12-31', value: null, isOriginalRelease: true },
          ],
        },
      },
    });
  });

  it('answer null, and no error, where the series is unknown', async () => {
    expect(await app.query(READ)).toEqual({ status: 200, data: { series: null } });
  });

  it('create a series', async () => {
    const before = new Date().toISOString();
    const { createSeries: created } = succeeded(await app.query(CREATE));
    expect(created).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-/),
      title: 'US Gross Domestic Product',
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    });
    expect(created.createdAt >= before).toBe(true);
  });
});

describe('the operations of the README', () => {
  it('work as they stand, pasted as one document', async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const document = /```graphql\n(.*?)```/s.exec(readme)![1]!;
    const app = await startTestApp();
    const run = async (operationName: string, variables = {}) => {
      const response = await fetch(`${app.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: document, operationName, variables }),
      });
      const { data, errors } = (await response.json()) as GraphqlAnswer;
      expect(errors).toBeUndefined();
      return data;
    };
    const { id } = (await run('Create')).createSeries;
    expect((await run('Write', { id })).createDataPoints.addedCount).toBe(2);
    expect((await run('Read', { id })).series).toMatchObject({
      latest: [{ value: '26486.287' }],
      inMay: [{ value: '26465.865' }],
      everything: { revisionDates: ['2023-04-27', '2023-05-25'] },
    });
    await app.close();
  });
});
