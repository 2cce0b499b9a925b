// Series as callers of Flight send them: objects of JSON.

import { assertValid } from '../core/validation.js';
import { CreateEconomicSeriesInput } from '../series/series.inputs.js';
import type { JsonFields } from './json-fields.js';

/** @throws AppError VALIDATION_ERROR naming the field */
export function readNewSeries(fields: JsonFields): CreateEconomicSeriesInput {
  const input = Object.assign(new CreateEconomicSeriesInput(), {
    id: fields.uuid('id'),
    sourceId: fields.uuid('sourceId'),
    externalId: fields.text('externalId'),
    title: fields.text('title'),
    description: fields.text('description'),
    units: fields.text('units'),
    frequency: fields.text('frequency'),
    seasonalAdjustment: fields.text('seasonalAdjustment'),
    startDate: fields.date('startDate'),
    endDate: fields.date('endDate'),
    isActive: fields.flag('isActive'),
  });
  fields.finish();
  for (const needed of ['sourceId', 'externalId', 'title', 'frequency'] as const) {
    fields.require(needed);
  }
  assertValid(input);
  return input;
}
