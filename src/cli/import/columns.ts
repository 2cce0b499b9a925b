// What the header of a file says: which form it has, and which column holds what. Pure.

import { InputError } from './faults.js';

export const FORMS = ['long', 'wide'] as const;
export type Form = (typeof FORMS)[number];

type Role = 'series' | 'date' | 'revisionDate' | 'value';

/** Names are compared without regard to case, spaces, hyphens and underscores. */
const ALIASES: Readonly<Record<Role, readonly string[]>> = {
  series: ['series', 'seriesid', 'externalid'],
  date: ['date', 'observationdate', 'time', 'period'],
  revisionDate: ['revisiondate', 'vintage', 'vintagedate', 'realtimestart'],
  value: ['value', 'obsvalue'],
};

/** Added to rejects files, and left alone when such a file is imported. */
export const REJECT_COLUMN = 'rejected_because';

export interface ColumnNames {
  readonly form?: Form | undefined;
  readonly seriesColumn?: string | undefined;
  readonly dateColumn?: string | undefined;
  readonly revisionDateColumn?: string | undefined;
  readonly valueColumn?: string | undefined;
}

/** Columns by their position, from 0. */
export interface LongLayout {
  readonly form: 'long';
  readonly header: readonly string[];
  readonly series: number;
  readonly date: number;
  readonly revisionDate: number | undefined;
  readonly value: number;
}

export interface WideLayout {
  readonly form: 'wide';
  readonly header: readonly string[];
  readonly date: number;
  readonly values: readonly number[];
}

export type Layout = LongLayout | WideLayout;

/** A name as it is compared. */
export function normalise(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, '');
}

/** @throws InputError where a column is missing, there twice, or without a name */
export function readLayout(header: readonly string[], names: ColumnNames = {}): Layout {
  const find = (role: Role, chosen?: string): number | undefined => {
    const wanted = chosen === undefined ? ALIASES[role] : [normalise(chosen)];
    const found = [...header.keys()].filter((at) => wanted.includes(normalise(header[at]!)));
    if (found.length > 1)
      throw new InputError(`${found.length} columns could be the ${role}: ${list(header, found)}`);
    if (found.length === 0 && chosen !== undefined) {
      throw new InputError(
        `no column ${JSON.stringify(chosen)}; there are ${list(header, [...header.keys()])}`,
      );
    }
    return found[0];
  };
  const isChosenLong = [names.seriesColumn, names.revisionDateColumn, names.valueColumn].some(
    Boolean,
  );
  if (names.form === 'wide' && isChosenLong) {
    throw new InputError(
      'the wide form has no columns for series, revision date and value to name',
    );
  }
  const isWide = names.form === 'wide';
  const series = isWide ? undefined : find('series', names.seriesColumn);
  const value = isWide ? undefined : find('value', names.valueColumn);
  const looksLong = series !== undefined && value !== undefined;
  if (names.form === 'long' || isChosenLong || looksLong) {
    const date = find('date', names.dateColumn);
    const revisionDate = find('revisionDate', names.revisionDateColumn);
    return longLayout(header, { series, date, revisionDate, value });
  }
  if (find('revisionDate') !== undefined) {
    throw new InputError(
      'the wide form has no column of revision dates: use the long form (series, date, revision_date, value) or --revision-date',
    );
  }
  return wideLayout(header, names.dateColumn === undefined ? 0 : find('date', names.dateColumn)!);
}

function longLayout(
  header: readonly string[],
  { series, date, revisionDate, value }: Record<Role, number | undefined>,
): LongLayout {
  if (series === undefined || date === undefined || value === undefined) {
    const missing = Object.entries({ series, date, value }).filter(([, at]) => at === undefined);
    throw new InputError(
      `the long form has the columns series, date, value and may have revision_date; missing here: ${missing.map(([role]) => role).join(', ')}`,
    );
  }
  return { form: 'long', header, series, date, revisionDate, value };
}

function wideLayout(header: readonly string[], date: number): WideLayout {
  const values = [...header.keys()].filter((at) => at !== date && header[at] !== REJECT_COLUMN);
  if (values.length === 0) {
    throw new InputError(
      `the header is neither series,date,value nor a date column with one column per series: ${list(header, [...header.keys()])}`,
    );
  }
  const unnamed = values.find((at) => header[at] === '');
  if (unnamed !== undefined) throw new InputError(`column ${unnamed + 1} has no name`);
  return { form: 'wide', header, date, values };
}

/** The first few names: a header may have thousands. */
function list(header: readonly string[], columns: readonly number[]): string {
  const shown = columns.slice(0, 10).map((at) => JSON.stringify(header[at]));
  return `${shown.join(', ')}${columns.length > shown.length ? ', …' : ''}`;
}
