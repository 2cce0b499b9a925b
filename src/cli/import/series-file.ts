// `--series-file`: a CSV that describes series, one line each. What a cell leaves empty is left as it is.

import { validateSync } from 'class-validator';
import { AppError } from '../../core/app-error.js';
import { UpdateEconomicSeriesInput } from '../../series/series.inputs.js';
import { parseFrequency, parseSeasonalAdjustment } from '../../series/vocabulary.js';
import { normalise } from './columns.js';
import { CsvFile, type CsvRecord } from './csv-file.js';
import { FaultLog, InputError, InputErrors } from './faults.js';
import { externalIdOf } from './file-series.js';
import { columnOfField } from './record-parser.js';

/** What is said of a series; what is absent is not said. */
export interface SeriesDescription {
  readonly title?: string;
  readonly description?: string;
  readonly units?: string;
  readonly frequency?: string;
  readonly seasonalAdjustment?: string;
}

const COLUMNS = ['title', 'description', 'units', 'frequency', 'seasonalAdjustment'] as const;
type Column = (typeof COLUMNS)[number];
const SERIES_COLUMNS = ['series', 'seriesid', 'externalid'];

interface DescriptionLayout {
  readonly series: number;
  readonly columns: ReadonlyMap<Column, number>;
}

/**
 * Descriptions by external id. A file with a fault is refused whole, whatever is done with bad lines of data.
 * @throws InputErrors, InputError
 */
export async function readSeriesFile(path: string): Promise<Map<string, SeriesDescription>> {
  const csv = await CsvFile.open(path);
  const described = new Map<string, SeriesDescription>();
  const faults = new FaultLog();
  let layout: DescriptionLayout | undefined;
  for await (const record of csv.records()) {
    if (!layout) {
      layout = readHeader(path, record);
      continue;
    }
    const { series, columns } = layout;
    const refuse = (field: number, reason: string): void => {
      const column = columnOfField(record.raw, field, csv.delimiter);
      faults.add([{ line: record.line, column, reason }]);
    };
    const name = (record.fields[series] ?? '').trim();
    const externalId = externalIdOf(name);
    if (name === '') refuse(series, 'the series has no name');
    else if (described.has(externalId)) refuse(series, `${name} was described on a line before`);
    described.set(externalId, readDescription(record, columns, refuse));
  }
  if (!layout) throw new InputError(`${path}: is empty`);
  if (faults.badLines > 0) throw new InputErrors(faults.describe(path));
  return described;
}

function readHeader(path: string, { fields, line }: CsvRecord): DescriptionLayout {
  const names = fields.map((name) => normalise(name.trim()));
  const series = names.findIndex((name) => SERIES_COLUMNS.includes(name));
  if (series < 0) {
    throw new InputError(`${path}:${line}:1: a file that describes series has a column series`);
  }
  const columns = new Map<Column, number>();
  for (const column of COLUMNS) {
    const at = names.indexOf(column.toLowerCase());
    if (at >= 0) columns.set(column, at);
  }
  return { series, columns };
}

function readDescription(
  { fields }: CsvRecord,
  columns: ReadonlyMap<Column, number>,
  refuse: (field: number, reason: string) => void,
): SeriesDescription {
  const description: Partial<Record<Column, string>> = {};
  for (const [column, field] of columns) {
    const text = (fields[field] ?? '').trim();
    if (text === '') continue;
    try {
      description[column] = canonical(column, text);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      refuse(field, error.message);
    }
  }
  for (const { property, constraints } of faultsOf(description)) {
    const reasons = Object.values(constraints ?? {}).join('; ');
    refuse(columns.get(property as Column)!, reasons);
  }
  return description;
}

function canonical(column: Column, text: string): string {
  if (column === 'frequency') return parseFrequency(text, column);
  return column === 'seasonalAdjustment'
    ? parseSeasonalAdjustment(text, 'seasonal_adjustment')
    : text;
}

/** The limits are those of the service, whose inputs carry them. */
function faultsOf(description: SeriesDescription) {
  return validateSync(Object.assign(new UpdateEconomicSeriesInput(), description));
}
