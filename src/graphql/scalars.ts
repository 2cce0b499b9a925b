// The scalars, each between its GraphQL form and a type that cannot be wrong. Code-first models name a
// scalar by the companion object of that type.

import { CustomScalar, Scalar } from '@nestjs/graphql';
import { Kind, type ValueNode } from 'graphql';
import { AppError, validationError } from '../core/app-error.js';
import { CalendarDate } from '../core/calendar-date.js';
import { Cursor } from '../core/cursor.js';
import { Decimal } from '../core/decimal.js';
import { Instant } from '../core/instant.js';
import { Uuid } from '../core/uuid.js';

/**
 * A scalar does not know which argument it is part of; the plugin that knows puts the argument's name in
 * the place of this word (`input-errors.plugin.ts`).
 */
export const FIELD = 'value';

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw validationError(FIELD, `${FIELD} must be a string`);
  return value;
}

function literalText(node: ValueNode): string {
  if (node.kind !== Kind.STRING) throw validationError(FIELD, `${FIELD} must be a string`);
  return node.value;
}

@Scalar('UUID', () => Uuid)
export class UuidScalar implements CustomScalar<string, Uuid> {
  description = 'A UUID, for example "123e4567-e89b-12d3-a456-426614174000"';
  parseValue = (value: unknown): Uuid => Uuid.parse(textOf(value), FIELD);
  parseLiteral = (node: ValueNode): Uuid => Uuid.parse(literalText(node), FIELD);
  serialize = (value: unknown): string => value as Uuid;
}

@Scalar('Date', () => CalendarDate)
export class DateScalar implements CustomScalar<string, CalendarDate> {
  description = 'A calendar date YYYY-MM-DD from 0001-01-01 to 9999-12-31';
  parseValue = (value: unknown): CalendarDate => CalendarDate.parse(textOf(value), FIELD);
  parseLiteral = (node: ValueNode): CalendarDate => CalendarDate.parse(literalText(node), FIELD);
  serialize = (value: unknown): string => CalendarDate.format(value as CalendarDate);
}

@Scalar('Cursor', () => Cursor)
export class CursorScalar implements CustomScalar<string, Cursor> {
  description = 'Where a reader stands in a list; what it says is the concern of the service';
  parseValue = (value: unknown): Cursor => textOf(value) as Cursor;
  parseLiteral = (node: ValueNode): Cursor => literalText(node) as Cursor;
  serialize = (value: unknown): string => value as Cursor;
}

/** Output only: no argument is a point in time. */
@Scalar('DateTime', () => Instant)
export class DateTimeScalar implements CustomScalar<string, Instant> {
  description = 'A point in time in ISO 8601, UTC, to the microsecond';
  parseValue = (): Instant => refuseDateTime();
  parseLiteral = (): Instant => refuseDateTime();
  serialize = (value: unknown): string => Instant.format(value as Instant);
}

function refuseDateTime(): never {
  throw new AppError('VALIDATION_ERROR', 'DateTime is not an input type');
}

/** Literals and strings keep their digits; a number in variables means its shortest decimal. */
@Scalar('Decimal', () => Decimal)
export class DecimalScalar implements CustomScalar<string, Decimal> {
  description =
    'An exact decimal number of up to 28 significant digits: a string in answers, a string or a number in arguments';

  parseValue = (value: unknown): Decimal => {
    if (typeof value === 'number') return Decimal.fromNumber(value, FIELD);
    if (typeof value === 'string') return Decimal.parse(value, FIELD);
    throw validationError(FIELD, `${FIELD} must be a string or a number`);
  };

  parseLiteral = (node: ValueNode): Decimal => {
    if (node.kind === Kind.STRING || node.kind === Kind.INT || node.kind === Kind.FLOAT) {
      return Decimal.parse(node.value, FIELD);
    }
    throw validationError(FIELD, `${FIELD} must be a string or a number`);
  };

  /** @param value its text, or a double that stands for itself */
  serialize = (value: unknown): string =>
    typeof value === 'number' ? Decimal.format(value, null) : (value as string);
}
