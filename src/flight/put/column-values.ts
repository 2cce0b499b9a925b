// Columns as clients have them, turned into those of the store: days, doubles with exact texts, flags, names.
// Each reads whole columns; a row that cannot be read is told to `Faults` and holds anything.

import { AppError, validationError } from '../../core/app-error.js';
import { CalendarDate } from '../../core/calendar-date.js';
import { Decimal } from '../../core/decimal.js';
import { bit } from '../../schema/bitmap.js';
import { OriginalFlag } from '../../storage/point-upserts.js';
import { MalformedMessageError } from '../ipc/flat-table.js';
import type { ReceivedColumn } from '../ipc/received-batch.js';
import type { Faults } from './faults.js';

/** A column with what it refers to. */
export interface Received {
  readonly name: string;
  readonly column: ReceivedColumn;
  /** The values that the column has indices of. */
  readonly dictionary: ReceivedColumn | undefined;
  /** The number of its first row in the stream. */
  readonly firstRow: number;
}

const MILLISECONDS_PER_DAY = 86_400_000n;
const SECONDS_PER_DAY = 86_400n;

/** Stands for a null among days. */
export const NO_DAY = -2_147_483_648;

/** Days since 1970-01-01; NO_DAY where there is none. */
export function daysOf(received: Received, faults: Faults): Int32Array {
  const { name, column } = received;
  const { type } = column;
  if (!received.dictionary && type.kind === 'date' && type.unit === 'day') {
    return daysInPlace(received, faults);
  }
  const days = new Int32Array(column.length);
  const dayAt = valueReader(received, (values) => dayReader(values, name));
  forEachRow(received, faults, (row) => (days[row] = dayAt(row) ?? NO_DAY));
  return days;
}

function daysInPlace({ column, name, firstRow }: Received, faults: Faults): Int32Array {
  const { data, length } = column;
  const days = new Int32Array(length);
  days.set(new Int32Array(data.buffer, data.byteOffset, length));
  for (let row = 0; row < length; row++) {
    const day = days[row]!;
    if (day >= CalendarDate.MIN && day <= CalendarDate.MAX) {
      if (column.validity === undefined || bit(column.validity, row)) continue;
      days[row] = NO_DAY;
    } else if (isNull(column, row)) {
      days[row] = NO_DAY;
    } else {
      faults.add(firstRow + row, name, outsideCalendar(name));
    }
  }
  return days;
}

export interface ReceivedValues {
  /** NaN stands for a null. */
  readonly values: Float64Array;
  /** By row, where the double alone would not give the number back. */
  readonly exact: Map<number, string>;
}

/** @param exactTexts Where it has a text, that is the value. */
export function valuesOf(
  received: Received,
  exactTexts: Received | undefined,
  faults: Faults,
): ReceivedValues {
  const { column } = received;
  const exact = new Map<number, string>();
  const values =
    !received.dictionary && column.type.kind === 'float' && column.type.bits === 64
      ? doublesInPlace(received, faults)
      : otherValues(received, exact, faults);
  if (exactTexts && exactTexts.column.nullCount < exactTexts.column.length) {
    const textAt = valueReader(exactTexts, (texts) => textReader(texts, exactTexts.name));
    forEachRow(exactTexts, faults, (row) => {
      const text = textAt(row);
      if (text === null) return;
      const decimal = Decimal.parse(text, exactTexts.name);
      values[row] = decimal.double;
      if (decimal.exact === null) exact.delete(row);
      else exact.set(row, decimal.exact);
    });
  }
  return { values, exact };
}

function doublesInPlace({ column, name, firstRow }: Received, faults: Faults): Float64Array {
  const { data, length } = column;
  const values = new Float64Array(length);
  values.set(new Float64Array(data.buffer, data.byteOffset, length));
  const { validity } = column;
  for (let row = 0; row < length; row++) {
    if (validity !== undefined && !bit(validity, row)) values[row] = Number.NaN;
    else if (!Number.isFinite(values[row])) faults.add(firstRow + row, name, notFinite(name));
    else if (values[row] === 0) values[row] = 0;
  }
  return values;
}

function otherValues(received: Received, exact: Map<number, string>, faults: Faults): Float64Array {
  const values = new Float64Array(received.column.length);
  const decimalAt = valueReader(received, (column) => decimalReader(column, received.name));
  forEachRow(received, faults, (row) => {
    const decimal = decimalAt(row);
    values[row] = decimal === null ? Number.NaN : decimal.double;
    if (decimal?.exact != null) exact.set(row, decimal.exact);
  });
  return values;
}

export function flagsOf(received: Received, faults: Faults): Uint8Array {
  const flags = new Uint8Array(received.column.length);
  const flagAt = valueReader(received, (column) => {
    if (column.type.kind !== 'bool') throw wrongType(received.name, column, 'boolean');
    return (row) => bit(column.data, row);
  });
  forEachRow(received, faults, (row) => {
    const flag = flagAt(row);
    flags[row] =
      flag === null ? OriginalFlag.UNSAID : flag ? OriginalFlag.ORIGINAL : OriginalFlag.REVISION;
  });
  return flags;
}

/** The texts by row; null where there is none. */
export function textsOf(received: Received): (row: number) => string | null {
  return valueReader(received, (column) => textReader(column, received.name));
}

type Reader<T> = (row: number) => T | null;

/** What a column has in a row, through its dictionary where it has one, whose values are read once each. */
function valueReader<T>(
  { column, dictionary }: Received,
  readerOf: (values: ReceivedColumn) => (row: number) => T,
): Reader<T> {
  const { validity } = column;
  const isPresent = (row: number) => validity === undefined || bit(validity, row);
  if (column.type.kind === 'null') return () => null;
  if (!dictionary) {
    const read = readerOf(column);
    return (row) => (isPresent(row) ? read(row) : null);
  }
  const read = readerOf(dictionary);
  const known = new Map<number, T | null>();
  const indexAt = integerReader(column);
  return (row) => {
    if (!isPresent(row)) return null;
    const index = Number(indexAt(row));
    const value = known.get(index);
    if (value !== undefined) return value;
    if (index < 0 || index >= dictionary.length) {
      throw new MalformedMessageError(`index ${index} is not in the dictionary`);
    }
    const found = isNull(dictionary, index) ? null : read(index);
    known.set(index, found);
    return found;
  };
}

/** What `read` says of a row by an AppError is told to `faults`; once there are enough, the rest is left. */
export function forEachRow(
  { column, name, firstRow }: Received,
  faults: Faults,
  read: (row: number) => void,
): void {
  for (let row = 0; row < column.length; row++) {
    try {
      read(row);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      faults.add(firstRow + row, name, error.message);
      if (faults.isFull) return;
    }
  }
}

function isNull({ type, validity }: ReceivedColumn, row: number): boolean {
  return type.kind === 'null' || (validity !== undefined && !bit(validity, row));
}

function dayReader(column: ReceivedColumn, name: string): (row: number) => number {
  const { type, data } = column;
  switch (type.kind) {
    case 'date': {
      if (type.unit === 'day') {
        const days = new Int32Array(data.buffer, data.byteOffset, column.length);
        return (row) => checkedDay(days[row]!, name);
      }
      const milliseconds = longs(column);
      return (row) => wholeDay(milliseconds[row]!, MILLISECONDS_PER_DAY, name);
    }
    case 'timestamp': {
      const instants = longs(column);
      const perDay = type.perSecond * SECONDS_PER_DAY;
      return (row) => wholeDay(instants[row]!, perDay, name);
    }
    case 'utf8':
    case 'large-utf8':
    case 'utf8-view': {
      const textAt = textReader(column, name);
      // The days of a panel repeat, and reading one takes longer than finding it.
      const known = new Map<string, CalendarDate>();
      return (row) => {
        const text = textAt(row);
        let day = known.get(text);
        if (day === undefined) known.set(text, (day = CalendarDate.parse(text, name)));
        return day;
      };
    }
    default:
      throw wrongType(name, column, 'date, timestamp or text');
  }
}

/** A time of day would be lost, and with a time zone behind it the day might be another one. */
function wholeDay(units: bigint, perDay: bigint, name: string): number {
  if (units % perDay !== 0n) throw validationError(name, `${name} has a time of day: send dates`);
  return checkedDay(Number(units / perDay), name);
}

function checkedDay(day: number, name: string): number {
  if (CalendarDate.fromDays(day) === undefined) throw validationError(name, outsideCalendar(name));
  return day;
}

function decimalReader(column: ReceivedColumn, name: string): (row: number) => Decimal {
  const { type, data, length } = column;
  switch (type.kind) {
    case 'float': {
      const doubleAt = floatReader(column, type.bits);
      return (row) => finite(doubleAt(row), name);
    }
    case 'int': {
      const integerAt = integerReader(column);
      return (row) => Decimal.parse(String(integerAt(row)), name);
    }
    case 'decimal': {
      const { bits, scale } = type;
      const words = new DataView(data.buffer, data.byteOffset, (length * bits) / 8);
      return (row) => {
        const unscaled = wideInteger(words, (row * bits) / 8, bits);
        return Decimal.parse(`${unscaled}e${-scale}`, name);
      };
    }
    case 'utf8':
    case 'large-utf8':
    case 'utf8-view': {
      const textAt = textReader(column, name);
      return (row) => Decimal.parse(textAt(row), name);
    }
    default:
      throw wrongType(name, column, 'number or text');
  }
}

function finite(double: number, name: string): Decimal {
  if (!Number.isFinite(double)) throw validationError(name, notFinite(name));
  return Decimal.fromNumber(double, name);
}

/** Two's complement, little-endian. */
function wideInteger(view: DataView, at: number, bits: number): bigint {
  if (bits === 32) return BigInt(view.getInt32(at, true));
  let value = view.getBigInt64(at + bits / 8 - 8, true);
  for (let byte = bits / 8 - 16; byte >= 0; byte -= 8) {
    value = (value << 64n) | view.getBigUint64(at + byte, true);
  }
  return value;
}

function floatReader({ data, length }: ReceivedColumn, bits: 32 | 64): (row: number) => number {
  if (bits === 64) {
    const doubles = new Float64Array(data.buffer, data.byteOffset, length);
    return (row) => doubles[row]!;
  }
  const singles = new Float32Array(data.buffer, data.byteOffset, length);
  return (row) => shortestOfSingle(singles[row]!);
}

/**
 * The shortest decimal that is this single-precision number: 0.1 as a float32 means 0.1, and not the
 * 0.10000000149011612 that its double would be. Nine digits tell any two apart.
 */
function shortestOfSingle(single: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const shorter = Number(single.toPrecision(digits));
    if (Math.fround(shorter) === single) return shorter;
  }
  return Number.isFinite(single) ? Number(single.toPrecision(9)) : single;
}

function integerReader(column: ReceivedColumn): (row: number) => number | bigint {
  const { type, data, length } = column;
  if (type.kind !== 'int') throw new MalformedMessageError('an index is no integer');
  const at = [data.buffer, data.byteOffset, length] as const;
  switch (type.bits) {
    case 8:
      return elements(type.isSigned ? new Int8Array(...at) : new Uint8Array(...at));
    case 16:
      return elements(type.isSigned ? new Int16Array(...at) : new Uint16Array(...at));
    case 32:
      return elements(type.isSigned ? new Int32Array(...at) : new Uint32Array(...at));
    default:
      return elements(type.isSigned ? new BigInt64Array(...at) : new BigUint64Array(...at));
  }
}

function elements<T>(values: ArrayLike<T>): (row: number) => T {
  return (row) => values[row]!;
}

function longs({ data, length }: ReceivedColumn): BigInt64Array {
  return new BigInt64Array(data.buffer, data.byteOffset, length);
}

/** Texts are UTF-8; most are ASCII and short. */
function textReader(column: ReceivedColumn, name: string): (row: number) => string {
  const { type, data, offsets } = column;
  if (type.kind === 'utf8-view') return viewReader(column);
  if (!offsets) throw wrongType(name, column, 'text');
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return (row) => bytes.toString('utf8', Number(offsets[row]), Number(offsets[row + 1]));
}

/** Texts of up to 12 bytes stand in their view; longer ones in a buffer that it points to. */
function viewReader({ data, viewed }: ReceivedColumn): (row: number) => string {
  const views = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const inline = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return (row) => {
    const length = views.getInt32(row * 16, true);
    if (length < 0) throw new MalformedMessageError('a text ends before it begins');
    if (length <= 12) return inline.toString('utf8', row * 16 + 4, row * 16 + 4 + length);
    const buffer = viewed[views.getInt32(row * 16 + 8, true)];
    const offset = views.getInt32(row * 16 + 12, true);
    if (!buffer || offset < 0 || offset + length > buffer.byteLength) {
      throw new MalformedMessageError('a text lies outside the message');
    }
    return Buffer.from(buffer.buffer, buffer.byteOffset + offset, length).toString();
  };
}

function wrongType(name: string, { type }: ReceivedColumn, wanted: string): MalformedMessageError {
  return new MalformedMessageError(`column ${name} must be of type ${wanted}, it is ${type.kind}`);
}

function outsideCalendar(name: string): string {
  return `${name} must lie between 0001-01-01 and 9999-12-31`;
}

function notFinite(name: string): string {
  return `${name} must be a finite number; null stands for a missing value`;
}
