// Arguments of the real schema: mostly such as a client would send, some at the limits and some beyond.

import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  type GraphQLArgument,
  type GraphQLInputType,
} from 'graphql';
import { daysFromToday } from './factories.js';
import type { Random } from './random.js';

/** What is stored, as far as arguments name it. */
export interface Vocabulary {
  readonly seriesIds: readonly string[];
  readonly sourceIds: readonly string[];
  readonly externalIds: readonly string[];
  /** That occur in titles. */
  readonly words: readonly string[];
  readonly dates: readonly string[];
  readonly revisionDates: readonly string[];
  /** Of `seriesConnection`. */
  readonly seriesCursors: readonly string[];
  /** Of `changes`. */
  readonly changeCursors: readonly string[];
}

/** A variable of a document, and what its values are about. */
export interface DrawnVariable {
  readonly name: string;
  readonly type: GraphQLInputType;
  readonly about: string;
  readonly value: unknown;
  /** Whether there is a value without one being sent. */
  readonly isOptional: boolean;
}

export type Arguments = Readonly<Record<string, unknown>>;

const NOT_DATES = ['2024-02-30', '20240101', '', '10000-01-01', '0000-01-01', 'today'];
const NOT_IDS = ['', 'x', '123e4567-e89b-12d3-a456-42661417400g'];
const UNKNOWN_ID = '0198a000-0000-7000-8000-0000deadbeef';
const FREQUENCIES = ['monthly', 'quarterly', 'annual', 'A', 'q', 'Quarterly', 'weekly', 'nope'];

/** A small page mostly: that lists of points stay short. */
const PAGES = [1, 2, 3, 3, 4, 5, 10, 100];
const PAGES_AT_LIMITS = [0, -1, 1000, 1001, 10_000, 10_001, 2_147_483_647, 2_147_483_648, 1.5];

export class ArgumentSource {
  constructor(
    private readonly known: Vocabulary,
    private readonly random: Random,
  ) {}

  /** Arguments of a field, those that depend on each other in agreement most of the time. */
  of(args: readonly GraphQLArgument[]): Arguments {
    const { random } = this;
    const chosen: Record<string, unknown> = {};
    for (const { name, type, defaultValue } of args) {
      const isNeeded = isNonNullType(type) && defaultValue === undefined;
      if (isNeeded || random.chance(OFTEN_GIVEN.has(name) ? 0.7 : 0.25)) {
        chosen[name] = this.value(type, name);
      }
    }
    if (random.chance(0.95)) this.reconcile(chosen, new Set(args.map(({ name }) => name)));
    return chosen;
  }

  /** As JSON: what a variable would hold. */
  value(type: GraphQLInputType, name: string): unknown {
    const { random } = this;
    if (isNonNullType(type)) return this.given(type.ofType, name);
    return random.chance(0.05) ? null : this.given(type, name);
  }

  /** Hardly ever null. */
  private given(type: GraphQLInputType, name: string): unknown {
    const { random } = this;
    if (random.chance(0.003)) return null;
    if (isListType(type)) {
      const item: GraphQLInputType = type.ofType;
      // One value stands for a list of one.
      if (random.chance(0.05)) return this.value(item, name);
      return Array.from({ length: random.below(5) }, () => this.value(item, name));
    }
    if (isInputObjectType(type)) {
      return Object.fromEntries(
        Object.values(type.getFields())
          .filter(({ type: inner, defaultValue }) =>
            isNonNullType(inner) && defaultValue === undefined ? true : random.chance(0.3),
          )
          .map((field) => [field.name, this.value(field.type, field.name)]),
      );
    }
    if (isEnumType(type)) {
      const names = type.getValues().map((value) => value.name);
      return random.chance(0.005) ? 'NOPE' : random.pick(names);
    }
    if (random.chance(0.004)) return random.pick([5, 'five', true, 1.5]);
    return this.scalar(getNamedType(type).name, name);
  }

  private scalar(type: string, name: string): unknown {
    switch (type) {
      case 'UUID':
        return this.id(name === 'sourceId' ? this.known.sourceIds : this.known.seriesIds);
      case 'Date':
        return this.date(name);
      case 'Int':
        return this.int(name);
      case 'Boolean':
        return this.random.chance(0.5);
      case 'Cursor':
        return this.oneOf(this.known.changeCursors, ['', 'bm9wZQ']);
      default:
        return this.text(name);
    }
  }

  private id(ids: readonly string[]): string {
    const { random } = this;
    if (random.chance(0.06)) return UNKNOWN_ID;
    if (random.chance(0.005)) return random.pick(NOT_IDS);
    const id = random.pick(ids);
    return random.chance(0.05) ? id.toUpperCase() : id;
  }

  private date(name: string): string {
    const { random, known } = this;
    if (random.chance(0.006)) return random.pick(NOT_DATES);
    if (name === 'asOf' && random.chance(0.2)) {
      return random.pick([daysFromToday(0), daysFromToday(1), daysFromToday(3), '9999-12-31']);
    }
    return random.pick(REVISION_DATES.has(name) ? known.revisionDates : known.dates);
  }

  private int(name: string): number {
    const { random } = this;
    switch (name) {
      case 'release':
        return this.oneOf([1, 1, 2, 3, 100], [0, -1]);
      case 'lagDays':
        return this.oneOf([0, 1, 30, 365, 36_525], [-1, 36_526]);
      case 'offset':
        return this.oneOf([0, 1, 2, 5, 1000], [-1]);
      default:
        return random.chance(0.06) ? random.pick(PAGES_AT_LIMITS) : random.pick(PAGES);
    }
  }

  private text(name: string): string {
    const { random, known } = this;
    switch (name) {
      case 'frequency':
        return random.pick(FREQUENCIES);
      case 'seasonalAdjustment':
        return random.pick(['SA', 'NSA', 'seasonally_adjusted', 'nope']);
      case 'externalId':
        return this.oneOf(known.externalIds, ['', 'NOPE', 'x y']);
      case 'externalIdPrefix':
        return random.pick(known.externalIds).slice(0, random.below(4));
      case 'after':
        return this.oneOf(known.seriesCursors, ['', 'bm9wZQ']);
      default:
        return this.oneOf(known.words, ['', '  ', '!', 'w'.repeat(201), 'w'.repeat(501)]);
    }
  }

  private oneOf<T>(usual: readonly T[], odd: readonly T[]): T {
    return this.random.pick(this.random.chance(0.08) ? odd : usual);
  }

  private reconcile(chosen: Record<string, unknown>, names: ReadonlySet<string>): void {
    if (names.has('revisions')) {
      const { revisions } = chosen;
      if (revisions === 'NTH_RELEASE') chosen['release'] ??= 1 + this.random.below(3);
      else delete chosen['release'];
      if (revisions === 'FIXED_LAG') chosen['lagDays'] ??= this.random.pick([0, 30, 400]);
      else delete chosen['lagDays'];
      if (chosen['frequency'] == null) delete chosen['aggregation'];
    }
    for (const [from, to] of RANGES) {
      const [start, end] = [chosen[from], chosen[to]];
      if (typeof start === 'string' && typeof end === 'string' && start > end) {
        [chosen[from], chosen[to]] = [end, start];
      }
    }
  }
}

const OFTEN_GIVEN = new Set(['limit', 'first', 'text']);
const REVISION_DATES = new Set(['asOf', 'from', 'to', 'revisionDate']);
const RANGES = [
  ['startDate', 'endDate'],
  ['from', 'to'],
] as const;
