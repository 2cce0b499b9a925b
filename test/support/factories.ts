// Makes what a test needs, through the API and with as little said as possible.

import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { GraphqlAnswer, TestApp } from './test-app.js';

type Fields = Record<string, unknown>;

let made = 0;

/** The input of `createSeries`: valid, and of an external id that no other has. */
export function seriesInput(
  fields: Fields = {},
): Fields & { sourceId: string; externalId: string } {
  made++;
  return {
    sourceId: '11111111-1111-4111-8111-111111111111',
    externalId: `SERIES_${made}`,
    title: `Series ${made}`,
    frequency: 'monthly',
    ...fields,
  };
}

const SERIES_FIELDS = `id sourceId externalId title description units frequency seasonalAdjustment
  startDate endDate isActive createdAt updatedAt`;

export interface SeriesAnswer {
  readonly id: string;
  readonly sourceId: string;
  readonly externalId: string;
  readonly title: string;
  readonly description: string | null;
  readonly units: string | null;
  readonly frequency: string;
  readonly seasonalAdjustment: string | null;
  readonly startDate: string | null;
  readonly endDate: string | null;
  readonly isActive: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Calls `createSeries`, whatever comes of it. */
export function tryCreateSeries(app: TestApp, fields: Fields = {}): Promise<GraphqlAnswer> {
  return app.query(
    `mutation ($input: CreateEconomicSeriesInput!) {
       createSeries(input: $input) { ${SERIES_FIELDS} } }`,
    { input: seriesInput(fields) },
  );
}

export async function createSeries(app: TestApp, fields: Fields = {}): Promise<SeriesAnswer> {
  return succeeded(await tryCreateSeries(app, fields)).createSeries;
}

/** Calls `updateSeries`, whatever comes of it. */
export function tryUpdateSeries(app: TestApp, id: string, input: Fields): Promise<GraphqlAnswer> {
  return app.query(
    `mutation ($id: UUID!, $input: UpdateEconomicSeriesInput!) {
       updateSeries(id: $id, input: $input) { ${SERIES_FIELDS} } }`,
    { id, input },
  );
}

export async function readSeries(app: TestApp, id: string): Promise<SeriesAnswer | null> {
  const answer = await app.query(`query ($id: UUID!) { series(id: $id) { ${SERIES_FIELDS} } }`, {
    id,
  });
  return succeeded(answer).series;
}

export interface PointInput {
  readonly seriesId?: string;
  readonly date: string;
  readonly value?: string | number | null;
  readonly revisionDate?: string | null;
  readonly isOriginalRelease?: boolean | null;
}

export interface PointAnswer {
  readonly id: string;
  readonly seriesId: string;
  readonly date: string;
  readonly revisionDate: string;
  readonly value: string | null;
  readonly isOriginalRelease: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export const POINT_FIELDS =
  'id seriesId date revisionDate value isOriginalRelease createdAt updatedAt';

/** Calls `createDataPoints`, whatever comes of it. */
export function tryCreatePoints(app: TestApp, inputs: readonly Fields[]): Promise<GraphqlAnswer> {
  return app.query(
    `mutation ($inputs: [CreateDataPointInput!]!) {
       createDataPoints(inputs: $inputs) {
         addedCount correctedCount unchangedCount dataPoints { ${POINT_FIELDS} } } }`,
    { inputs },
  );
}

export async function createPoints(
  app: TestApp,
  seriesId: string,
  points: readonly PointInput[],
): Promise<{
  addedCount: number;
  correctedCount: number;
  unchangedCount: number;
  dataPoints: PointAnswer[];
}> {
  const inputs = points.map((point) => ({ seriesId, ...point }));
  return succeeded(await tryCreatePoints(app, inputs)).createDataPoints;
}

/** Every revision that is stored. */
export async function readPoints(app: TestApp, seriesId: string): Promise<PointAnswer[]> {
  const answer = await app.query(
    `query ($id: UUID!) { dataPoints(seriesId: $id, revisions: ALL) { ${POINT_FIELDS} } }`,
    { id: seriesId },
  );
  return succeeded(answer).dataPoints;
}

/** The data of an answer without errors. */
export function succeeded(answer: GraphqlAnswer): GraphqlAnswer['data'] {
  expect(answer.errors).toBeUndefined();
  expect(answer.status).toBe(200);
  return answer.data;
}

export type AnsweredError = NonNullable<GraphqlAnswer['errors']>[number];

/** The only error of an answer. */
export function failed(answer: GraphqlAnswer): AnsweredError {
  expect(answer.errors).toHaveLength(1);
  return answer.errors![0]!;
}

/** Asserts that an argument was refused, by the name that the caller knows it by. */
export function expectRefused(answer: GraphqlAnswer, field: string): AnsweredError {
  const error = failed(answer);
  expect(error.extensions).toMatchObject({ code: 'VALIDATION_ERROR', field });
  return error;
}

/** An identifier that nothing has. */
export function unknownId(): string {
  return randomUUID();
}

/** A date so many days from today in UTC, as YYYY-MM-DD. */
export function daysFromToday(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}
