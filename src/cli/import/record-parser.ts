// From the fields of one record to its observations, or to what is wrong with them. Both passes over a
// file go through here, so they agree.

import { AppError, shown } from '../../core/app-error.js';
import { CalendarDate } from '../../core/calendar-date.js';
import { Decimal } from '../../core/decimal.js';
import type { Layout, LongLayout, WideLayout } from './columns.js';
import type { CsvRecord } from './csv-file.js';
import { InputError, type Fault } from './faults.js';
import type { FileSeries, FileSeriesTable } from './file-series.js';
import { PERIOD_FORMS, type Period, type PeriodForm, type PeriodReader } from './period-date.js';

const MISSING = new Set(['', '.', 'NA', 'NaN']);

export interface Observation {
  readonly series: FileSeries;
  readonly date: CalendarDate;
  readonly form: PeriodForm;
  readonly revisionDate: CalendarDate;
  /** null: published as missing. */
  readonly value: Decimal | null;
  /** A missing value of the wide form: of a date that the series never had, it is no observation. */
  readonly isBlank: boolean;
  /** The field of the value, from 0. */
  readonly field: number;
}

export interface ParsedRecord {
  readonly observations: readonly Observation[];
  /** Where there are any, the observations are not to be used. */
  readonly faults: readonly Fault[];
}

export interface ParserRules {
  readonly readPeriod: PeriodReader;
  /** How dates look that `readPeriod` accepts, for messages. */
  readonly dateForms: string;
  /** The revision date of everything in a file that has no such column. */
  readonly revisionDate: CalendarDate;
  /** No value was published after this day. */
  readonly revisionDateMax: CalendarDate;
  readonly delimiter: string;
}

export const ISO_DATE_FORMS = `${PERIOD_FORMS} (for others there is --date-format)`;

export class RecordParser {
  private faults: Fault[] = [];
  private record!: CsvRecord;
  private readonly wideSeries: readonly FileSeries[];

  /** @throws InputError where a column of the wide form cannot be a series */
  constructor(
    private readonly layout: Layout,
    private readonly rules: ParserRules,
    private readonly table: FileSeriesTable,
  ) {
    this.wideSeries =
      layout.form === 'wide' ? layout.values.map((at) => table.resolve(layout.header[at]!)) : [];
  }

  parse(record: CsvRecord): ParsedRecord {
    this.record = record;
    this.faults = [];
    const observations = this.checkWidth()
      ? this.layout.form === 'long'
        ? this.parseLong(this.layout)
        : this.parseWide(this.layout)
      : [];
    return { observations, faults: this.faults };
  }

  /** A fault at a field of a record. */
  faultAt({ raw, line }: CsvRecord, field: number, reason: string): Fault {
    return { line, column: columnOfField(raw, field, this.rules.delimiter), reason };
  }

  private checkWidth(): boolean {
    const { length } = this.record.fields;
    const expected = this.layout.header.length;
    if (length === expected) return true;
    this.refuse(
      Math.min(length, expected) - (length < expected ? 1 : 0),
      `the line has ${length} columns, the header has ${expected}`,
    );
    return false;
  }

  private parseLong(layout: LongLayout): Observation[] {
    const series = this.series(layout.series);
    const period = this.period(layout.date);
    const revisionDate =
      layout.revisionDate === undefined
        ? this.rules.revisionDate
        : this.revisionDate(layout.revisionDate);
    const value = this.value(layout.value);
    if (!series || !period || revisionDate === undefined || value === undefined) return [];
    return [{ series, ...period, revisionDate, value, isBlank: false, field: layout.value }];
  }

  private parseWide(layout: WideLayout): Observation[] {
    const observations: Observation[] = [];
    const period = this.period(layout.date);
    const { revisionDate } = this.rules;
    layout.values.forEach((field, index) => {
      const value = this.value(field);
      if (period === undefined || value === undefined) return;
      observations.push({
        series: this.wideSeries[index]!,
        date: period.date,
        form: period.form,
        revisionDate,
        value,
        isBlank: value === null,
        field,
      });
    });
    return observations;
  }

  private text(field: number): string {
    return this.record.fields[field]!.trim();
  }

  private refuse(field: number, reason: string): undefined {
    this.faults.push(this.faultAt(this.record, field, reason));
  }

  private series(field: number): FileSeries | undefined {
    try {
      return this.table.resolve(this.text(field));
    } catch (error) {
      if (error instanceof InputError) return this.refuse(field, error.message);
      throw error;
    }
  }

  private period(field: number): Period | undefined {
    const text = this.text(field);
    const period = this.rules.readPeriod(text);
    return (
      period ?? this.refuse(field, `${shown(text)} is not a date like ${this.rules.dateForms}`)
    );
  }

  private revisionDate(field: number): CalendarDate | undefined {
    const text = this.text(field);
    const period = this.rules.readPeriod(text);
    if (period?.form !== 'day') {
      return this.refuse(field, `${shown(text)} is not the day of a publication like 2024-01-31`);
    }
    if (period.date > this.rules.revisionDateMax) {
      return this.refuse(field, `revision date ${shown(text)} is after tomorrow in UTC`);
    }
    return period.date;
  }

  /** null where the value is missing, undefined where it is wrong. */
  private value(field: number): Decimal | null | undefined {
    const text = this.text(field);
    if (MISSING.has(text)) return null;
    try {
      return Decimal.parse(text, this.layout.header[field]);
    } catch (error) {
      if (error instanceof AppError) return this.refuse(field, error.message);
      throw error;
    }
  }
}

/** The character, from 1, at which a field begins in the text of its record. */
export function columnOfField(raw: string, field: number, delimiter: string): number {
  let isQuoted = false;
  let fieldsBefore = 0;
  for (let at = 0; at < raw.length; at++) {
    if (fieldsBefore === field) return at + 1;
    if (raw[at] === '"') isQuoted = !isQuoted;
    else if (raw[at] === delimiter && !isQuoted) fieldsBefore++;
  }
  return raw.trimEnd().length + 1;
}
