// What compiled operations are made of: functions that write the JSON of objects, lists and leaves.

import { ColumnList, LazyList, RecordList } from '../../core/lazy-list.js';
import type { AnswerRun, Write } from './answer-run.js';
import type { AnswerText } from './answer-text.js';
import type { ByteWriter } from './byte-writer.js';
import type { LeafJson } from './leaf-json.js';

/** How many elements of a list, or fields of an object, are written between two looks at the clock. */
const PARTS_PER_LOOK = 16;

/** A field of an object, ready to be written. */
export interface FieldPlan {
  readonly name: string;
  /** The response key as JSON, with its colon. */
  readonly key: string;
  /** The constant that answers the field: the name of a type. */
  readonly constant: string | undefined;
  readonly resolve: ((parent: unknown, run: AnswerRun) => unknown) | undefined;
  readonly write: Write;
  /** How values are written, for leaves. */
  readonly leaf: LeafJson | undefined;
  readonly isNullable: boolean;
}

type WriteAt = (index: number, out: ByteWriter) => void;

/** False for lists that do not lie in columns, or not with all that is asked for. */
export type ElementOf = (list: LazyList<unknown>) => WriteAt | false;

/** Lists of leaves. */
export function leavesOf(leaf: LeafJson, isNullable: boolean): ElementOf {
  return (list) => list instanceof ColumnList && leafAt(list.at, leaf, isNullable);
}

/** Lists of objects. */
export function recordsOf(fields: readonly FieldPlan[]): ElementOf {
  return (list) => list instanceof RecordList && recordAt(list, fields);
}

const NULL = 'null';

function leafAt(at: (index: number) => unknown, leaf: LeafJson, isNullable: boolean): WriteAt {
  return (index, out) => {
    const value = at(index);
    if (value != null) leaf.write(value, out);
    else if (isNullable) out.ascii(NULL);
    else throw missing();
  };
}

function recordAt(list: RecordList<unknown>, fields: readonly FieldPlan[]): WriteAt | false {
  const keys: Buffer[] = [];
  const values: WriteAt[] = [];
  let before = '{';
  for (const { name, key, constant, resolve, leaf, isNullable } of fields) {
    if (constant !== undefined) {
      before += `${key}${constant},`;
      continue;
    }
    const column = list.column(name);
    if (resolve || !leaf || !column) return false;
    keys.push(Buffer.from(before + key));
    values.push(leafAt(column, leaf, isNullable));
    before = ',';
  }
  const end = Buffer.from(
    before.length > 1 ? `${before.slice(0, -1)}}` : keys.length > 0 ? '}' : '{}',
  );
  return (index, out) => {
    for (let field = 0; field < keys.length; field++) {
      out.raw(keys[field]!);
      values[field]!(index, out);
    }
    out.raw(end);
  };
}

export function objectWriter(fields: readonly FieldPlan[]): Write {
  if (fields.length === 0) return (_, out) => (out.text += '{}');
  const writeFrom = (from: number, parent: unknown, out: AnswerText, run: AnswerRun): void => {
    for (let index = from; index < fields.length; index++) {
      if (isLookedAt(index, from) && run.isTurnDue) {
        run.laterInTurn(out.gap(), (gap) => writeFrom(index, parent, gap, run));
        return;
      }
      const { name, key, constant, resolve, write } = fields[index]!;
      out.text += (index === 0 ? '{' : ',') + key;
      if (constant !== undefined) {
        out.text += constant;
        continue;
      }
      const value = resolve ? resolve(parent, run) : propertyOf(parent, name, run);
      if (isPromise(value)) run.later(value, write, out.gap());
      else write(value, out, run);
    }
  };
  return (parent, out, run) => {
    writeFrom(0, parent, out, run);
    out.text += '}';
  };
}

function isLookedAt(index: number, from: number): boolean {
  return index % PARTS_PER_LOOK === PARTS_PER_LOOK - 1 && index > from;
}

export function listWriter(write: Write, element: ElementOf | undefined): Write {
  const writeFrom = (
    items: readonly unknown[],
    from: number,
    out: AnswerText,
    run: AnswerRun,
  ): void => {
    for (let index = from; index < items.length; index++) {
      if (isLookedAt(index, from) && run.isTurnDue) {
        run.laterInTurn(out.gap(), (gap) => writeFrom(items, index, gap, run));
        return;
      }
      if (index > 0) out.text += ',';
      const item = items[index];
      if (isPromise(item)) run.later(item, write, out.gap());
      else write(item, out, run);
    }
  };
  return (value, out, run) => {
    const writeAt = value instanceof LazyList && element?.(value as LazyList<unknown>);
    if (writeAt) {
      out.list({ length: (value as LazyList<unknown>).length, writeAt });
      return;
    }
    if (!isIterable(value)) throw new TypeError('a list is expected');
    out.text += '[';
    writeFrom(Array.isArray(value) ? value : [...value], 0, out, run);
    out.text += ']';
  };
}

export function optional(write: Write): Write {
  return (value, out, run) => {
    if (value instanceof Error) throw value;
    if (value == null) out.text += 'null';
    else write(value, out, run);
  };
}

export function required(write: Write): Write {
  return (value, out, run) => {
    if (value instanceof Error) throw value;
    if (value == null) throw missing();
    write(value, out, run);
  };
}

function missing(): TypeError {
  return new TypeError('a value is missing that must be there');
}

/** As graphql-js's default resolver: the property, or what it answers if it is a method. */
function propertyOf(parent: unknown, name: string, run: AnswerRun): unknown {
  if (parent == null) return undefined;
  const value = (parent as Record<string, unknown>)[name];
  return typeof value === 'function'
    ? (value as (args: object, context: object) => unknown).call(parent, {}, run.context)
    : value;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}
