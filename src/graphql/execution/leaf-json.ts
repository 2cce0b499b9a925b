// The JSON of scalars and enums: what graphql-js and JSON.stringify together would make of a value, as text and,
// for the many values of a list, as bytes.

import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLInt,
  type GraphQLLeafType,
  GraphQLString,
} from 'graphql';
import { CalendarDate } from '../../core/calendar-date.js';
import { Decimal } from '../../core/decimal.js';
import { Instant } from '../../core/instant.js';
import type { ByteWriter } from './byte-writer.js';

/** How values of a type are written; they are there, which is for others to see to. */
export interface LeafJson {
  /** @throws what the type says of a value that it does not have */
  text(value: unknown): string;
  /** @throws as `text` */
  write(value: unknown, out: ByteWriter): void;
}

const INT_MAX = 2 ** 31 - 1;

const SCALARS: Readonly<Record<string, LeafJson>> = {
  [GraphQLString.name]: asText((value) =>
    typeof value === 'string' ? JSON.stringify(value) : serialized(GraphQLString, value),
  ),
  [GraphQLBoolean.name]: asAscii((value) =>
    typeof value === 'boolean' ? String(value) : serialized(GraphQLBoolean, value),
  ),
  [GraphQLInt.name]: asAscii((value) =>
    Number.isInteger(value) && Math.abs(value as number) <= INT_MAX
      ? String(value)
      : serialized(GraphQLInt, value),
  ),
  [GraphQLFloat.name]: {
    text: (value) => (Number.isFinite(value) ? String(value) : serialized(GraphQLFloat, value)),
    write: (value, out) => {
      if (Number.isFinite(value)) out.number(value as number);
      else out.ascii(serialized(GraphQLFloat, value));
    },
  },
  Date: asPlainText((value) => CalendarDate.format(value as CalendarDate)),
  DateTime: asPlainText((value) => Instant.format(value as Instant)),
  Decimal: { text: decimalText, write: writeDecimal },
  UUID: asPlainText((value) => value as string),
};

export function leafJsonOf(type: GraphQLLeafType): LeafJson {
  return SCALARS[type.name] ?? asText((value) => serialized(type, value));
}

/** Texts of digits, letters and signs that JSON need not escape. */
function asPlainText(of: (value: unknown) => string): LeafJson {
  return { text: (value) => `"${of(value)}"`, write: (value, out) => out.quoted(of(value)) };
}

function decimalText(value: unknown): string {
  return `"${typeof value === 'number' ? Decimal.format(value, null) : (value as string)}"`;
}

/** Doubles stand for themselves: most need never be a text in memory. */
function writeDecimal(value: unknown, out: ByteWriter): void {
  if (typeof value === 'string') out.quoted(value);
  else out.quotedDecimal(value as number);
}

function asAscii(text: (value: unknown) => string): LeafJson {
  return { text, write: (value, out) => out.ascii(text(value)) };
}

function asText(text: (value: unknown) => string): LeafJson {
  return { text, write: (value, out) => out.text(text(value)) };
}

function serialized(type: GraphQLLeafType, value: unknown): string {
  const text = JSON.stringify(type.serialize(value)) as string | undefined;
  if (text === undefined) throw new TypeError(`${type.name} has no such value`);
  return text;
}
