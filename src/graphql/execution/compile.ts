// Turns an operation into functions that write its answer as JSON text. They follow graphql-js rule by
// rule, with one exception: nothing here knows what to do about an error. Whatever goes wrong ends the run, and
// the reference executor answers in its place; so errors have one author, and complete answers are fast.

import {
  getArgumentValues,
  getNullableType,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isIntrospectionType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  visit,
  BREAK,
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js';
import { declaredReads, type Reads } from '../../cache/reads.js';
import { ColumnList, LazyList, RecordList } from '../../core/lazy-list.js';
import type { AnswerRun, Write } from './answer-run.js';
import type { AnswerText } from './answer-text.js';
import { leafTextOf, type LeafText } from './leaf-text.js';

export interface Fragments {
  readonly [name: string]: FragmentDefinitionNode;
}

/** Writes the JSON of `data` of an operation. */
export type CompiledOperation = (run: AnswerRun) => void;

/** Lists that are written at once; longer ones wait until the answer is sent. */
const SHORT_LIST_ROWS = 1000;
/** How many elements are written between two looks at the clock. */
const ELEMENTS_PER_LOOK = 16;

/**
 * @param conditions the values of the variables that decide which fields are asked for, by `@skip` and
 *   `@include`
 * @throws where the operation has something that only the reference executor knows
 */
export function compile(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: Fragments,
  conditions: Readonly<Record<string, unknown>>,
): CompiledOperation {
  const root = schema.getRootType(operation.operation);
  if (!root) throw new TypeError(`there is no ${operation.operation}`);
  const compiler = new Compiler(schema, operation, fragments, conditions);
  const write = compiler.root(root);
  return (run) => write(undefined, run.text, run);
}

interface FieldPlan {
  readonly name: string;
  /** The response key as JSON, with its colon. */
  readonly key: string;
  /** The constant that answers the field: the name of a type. */
  readonly constant: string | undefined;
  readonly resolve: ((parent: unknown, run: AnswerRun) => unknown) | undefined;
  readonly write: Write;
  /** How a value becomes text, for leaves. */
  readonly leaf: LeafText | undefined;
  readonly isNullable: boolean;
}

class Compiler {
  private fieldCount = 0;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly operation: OperationDefinitionNode,
    private readonly fragments: Fragments,
    private readonly conditions: Readonly<Record<string, unknown>>,
  ) {}

  root(type: GraphQLObjectType): Write {
    const { schema, fragments, conditions, operation } = this;
    const nodes = collectFields(schema, fragments, conditions, type, operation.selectionSet);
    return objectWriter(this.fields(type, nodes));
  }

  private fields(
    type: GraphQLObjectType,
    nodesByKey: ReadonlyMap<string, readonly FieldNode[]>,
  ): FieldPlan[] {
    return [...nodesByKey].map(([key, nodes]) => this.field(type, key, nodes));
  }

  private field(type: GraphQLObjectType, key: string, nodes: readonly FieldNode[]): FieldPlan {
    const name = nodes[0]!.name.value;
    const field = this.definition(type, name);
    const jsonKey = `${JSON.stringify(key)}:`;
    if (field === undefined) {
      // The name of a type: of all the fields that validation passes, only this one has no definition.
      const constant = JSON.stringify(type.name);
      const write: Write = (_, out) => (out.text += constant);
      return {
        ...{ name, key: jsonKey, constant, write },
        ...{ resolve: undefined, leaf: undefined, isNullable: false },
      };
    }
    const nullable = getNullableType(field.type);
    return {
      name,
      key: jsonKey,
      constant: undefined,
      resolve: this.resolver(type, field, nodes),
      write: this.writer(field.type, nodes),
      leaf: isLeafType(nullable) ? leafTextOf(nullable) : undefined,
      isNullable: nullable === field.type,
    };
  }

  private definition(
    type: GraphQLObjectType,
    name: string,
  ): GraphQLField<unknown, unknown> | undefined {
    const isQuery = type === this.schema.getQueryType();
    if (isQuery && name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
    if (isQuery && name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
    return type.getFields()[name];
  }

  /** Undefined for fields that are properties of their parents. */
  private resolver(
    type: GraphQLObjectType,
    field: GraphQLField<unknown, unknown>,
    nodes: readonly FieldNode[],
  ): FieldPlan['resolve'] {
    const { resolve } = field;
    if (!resolve || (!isIntrospectionType(type) && isProperty(field))) return undefined;
    const reads = readsOf(type, field);
    const args = this.args(field, nodes[0]!);
    // Where a field stands in the answer, and what it was given, no resolver here asks.
    const info = {
      fieldName: field.name,
      fieldNodes: nodes,
      returnType: field.type,
      parentType: type,
      schema: this.schema,
      fragments: this.fragments,
      operation: this.operation,
    } as unknown as GraphQLResolveInfo;
    return (parent, run) => {
      const given = args(run);
      run.reads.note(reads, parent, given);
      return resolve(parent, given, run.context, info);
    };
  }

  private args(
    field: GraphQLField<unknown, unknown>,
    node: FieldNode,
  ): (run: AnswerRun) => unknown {
    if (!usesVariables(node)) {
      const constant = getArgumentValues(field, node);
      return () => constant;
    }
    const index = this.fieldCount++;
    return (run) => run.argsOf(index, () => getArgumentValues(field, node, run.variables));
  }

  private writer(type: GraphQLOutputType, nodes: readonly FieldNode[]): Write {
    if (isNonNullType(type)) return required(this.present(type.ofType, nodes));
    return optional(this.present(type, nodes));
  }

  /** Writes a value that is there. */
  private present(type: GraphQLOutputType, nodes: readonly FieldNode[]): Write {
    if (isLeafType(type)) {
      const leaf = leafTextOf(type);
      return (value, out) => (out.text += leaf(value));
    }
    if (isListType(type)) {
      const { ofType } = type as { readonly ofType: GraphQLOutputType };
      return listWriter(this.writer(ofType, nodes), this.element(ofType, nodes));
    }
    if (isObjectType(type)) return objectWriter(this.subfields(type, nodes));
    throw new TypeError(`${String(type)} is of a kind that is not compiled`);
  }

  /** How elements of lists that lie in columns are written. */
  private element(type: GraphQLOutputType, nodes: readonly FieldNode[]): ElementOf | undefined {
    const nullable = getNullableType(type);
    if (isLeafType(nullable)) {
      const leaf = leafTextOf(nullable);
      return (list) => list instanceof ColumnList && leafAt(list.at, leaf, nullable === type);
    }
    if (!isObjectType(nullable)) return undefined;
    const fields = this.subfields(nullable, nodes);
    return (list) => list instanceof RecordList && recordAt(list, fields);
  }

  private subfields(type: GraphQLObjectType, nodes: readonly FieldNode[]): FieldPlan[] {
    const { schema, fragments, conditions } = this;
    return this.fields(type, collectSubfields(schema, fragments, conditions, type, nodes));
  }
}

/** False for lists that do not lie in columns, or not with all that is asked for. */
type ElementOf = (list: LazyList<unknown>) => ((index: number) => string) | false;

function leafAt(
  at: (index: number) => unknown,
  leaf: LeafText,
  isNullable: boolean,
): (index: number) => string {
  return (index) => {
    const value = at(index);
    if (value != null) return leaf(value);
    if (isNullable) return 'null';
    throw missing();
  };
}

function recordAt(
  list: RecordList<unknown>,
  fields: readonly FieldPlan[],
): ((index: number) => string) | false {
  const keys: string[] = [];
  const texts: ((index: number) => string)[] = [];
  let before = '{';
  for (const { name, key, constant, resolve, leaf, isNullable } of fields) {
    if (constant !== undefined) {
      before += `${key}${constant},`;
      continue;
    }
    const column = list.column(name);
    if (resolve || !leaf || !column) return false;
    keys.push(before + key);
    texts.push(leafAt(column, leaf, isNullable));
    before = ',';
  }
  const end = before === ',' ? '}' : before === '{' ? '{}' : `${before.slice(0, -1)}}`;
  return (index) => {
    let text = '';
    for (let field = 0; field < keys.length; field++) text += keys[field]! + texts[field]!(index);
    return text + end;
  };
}

function objectWriter(fields: readonly FieldPlan[]): Write {
  if (fields.length === 0) return (_, out) => (out.text += '{}');
  return (parent, out, run) => {
    let separator = '{';
    for (const { name, key, constant, resolve, write } of fields) {
      out.text += separator + key;
      separator = ',';
      if (constant !== undefined) {
        out.text += constant;
        continue;
      }
      const value = resolve ? resolve(parent, run) : propertyOf(parent, name, run);
      if (isPromise(value)) run.later(value, write, out.gap());
      else write(value, out, run);
    }
    out.text += '}';
  };
}

function listWriter(write: Write, element: ElementOf | undefined): Write {
  const writeFrom = (
    items: readonly unknown[],
    from: number,
    out: AnswerText,
    run: AnswerRun,
  ): void => {
    for (let index = from; index < items.length; index++) {
      if (index % ELEMENTS_PER_LOOK === ELEMENTS_PER_LOOK - 1 && run.isTurnDue && index > from) {
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
    const textAt = value instanceof LazyList && element?.(value as LazyList<unknown>);
    if (textAt) {
      writeRows((value as LazyList<unknown>).length, textAt, out);
      return;
    }
    if (!isIterable(value)) throw new TypeError('a list is expected');
    out.text += '[';
    writeFrom(Array.isArray(value) ? value : [...value], 0, out, run);
    out.text += ']';
  };
}

function writeRows(length: number, textAt: (index: number) => string, out: AnswerText): void {
  if (length > SHORT_LIST_ROWS) {
    out.list({ length, textAt });
    return;
  }
  let text = '[';
  for (let index = 0; index < length; index++) {
    if (index > 0) text += ',';
    text += textAt(index);
  }
  out.text += `${text}]`;
}

function optional(write: Write): Write {
  return (value, out, run) => {
    if (value instanceof Error) throw value;
    if (value == null) out.text += 'null';
    else write(value, out, run);
  };
}

function required(write: Write): Write {
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

function readsOf(type: GraphQLObjectType, field: GraphQLField<unknown, unknown>): Reads {
  if (isIntrospectionType(type) || field.name.startsWith('__')) return 'nothing';
  return declaredReads(field.extensions) ?? 'unversioned';
}

/**
 * Nest gives every field of a model a resolver that takes its parent only and answers its property; resolvers of
 * ours are wrapped in functions that take what there is.
 */
function isProperty({ resolve, extensions }: GraphQLField<unknown, unknown>): boolean {
  return resolve?.length === 1 && declaredReads(extensions) === undefined;
}

function usesVariables(node: FieldNode): boolean {
  let found = false;
  for (const argument of node.arguments ?? []) {
    visit(argument, {
      [Kind.VARIABLE]: () => {
        found = true;
        return BREAK;
      },
    });
  }
  return found;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}
