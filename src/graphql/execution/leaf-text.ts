// The JSON of scalars and enums: what graphql-js and JSON.stringify together would make of a value.

import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLInt,
  type GraphQLLeafType,
  GraphQLString,
} from 'graphql';
import type { CalendarDate } from '../../core/calendar-date.js';
import { CalendarDate as Dates } from '../../core/calendar-date.js';
import { Instant } from '../../core/instant.js';

/** The JSON of a value that is there. */
export type LeafText = (value: unknown) => string;

const INT_MAX = 2 ** 31 - 1;

/** A number, where it is one that JSON can hold; the scalar says what is wrong with every other value. */
const float: LeafText = (value) =>
  Number.isFinite(value) ? String(value) : serialized(GraphQLFloat, value);

const SCALARS: Readonly<Record<string, LeafText>> = {
  [GraphQLString.name]: (value) =>
    typeof value === 'string' ? JSON.stringify(value) : serialized(GraphQLString, value),
  [GraphQLBoolean.name]: (value) =>
    typeof value === 'boolean' ? String(value) : serialized(GraphQLBoolean, value),
  [GraphQLInt.name]: (value) =>
    Number.isInteger(value) && Math.abs(value as number) <= INT_MAX
      ? String(value)
      : serialized(GraphQLInt, value),
  [GraphQLFloat.name]: float,
  // Texts of digits, letters and signs that JSON need not escape.
  Date: (value) => `"${Dates.format(value as CalendarDate)}"`,
  DateTime: (value) => `"${Instant.format(value as Instant)}"`,
  Decimal: (value) => `"${value as string}"`,
  UUID: (value) => `"${value as string}"`,
};

export function leafTextOf(type: GraphQLLeafType): LeafText {
  return SCALARS[type.name] ?? ((value) => serialized(type, value));
}

/** @throws what the type says of a value that it does not have */
function serialized(type: GraphQLLeafType, value: unknown): string {
  const text = JSON.stringify(type.serialize(value)) as string | undefined;
  if (text === undefined) throw new TypeError(`${type.name} has no such value`);
  return text;
}
