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
import type { AnswerRun, Write } from './answer-run.js';
import type { DirectResolvers } from './direct-resolvers.js';
import { leafJsonOf } from './leaf-json.js';
import {
  type ElementOf,
  type FieldPlan,
  leavesOf,
  listWriter,
  objectWriter,
  optional,
  recordsOf,
  required,
} from './writers.js';

export interface Fragments {
  readonly [name: string]: FragmentDefinitionNode;
}

/** Writes the JSON of `data` of an operation. */
export type CompiledOperation = (run: AnswerRun) => void;

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
  directly: DirectResolvers,
): CompiledOperation {
  const root = schema.getRootType(operation.operation);
  if (!root) throw new TypeError(`there is no ${operation.operation}`);
  const compiler = new Compiler(schema, operation, fragments, conditions, directly);
  const write = compiler.root(root);
  return (run) => write(undefined, run.text, run);
}

class Compiler {
  private fieldCount = 0;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly operation: OperationDefinitionNode,
    private readonly fragments: Fragments,
    private readonly conditions: Readonly<Record<string, unknown>>,
    private readonly directly: DirectResolvers,
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
      leaf: isLeafType(nullable) ? leafJsonOf(nullable) : undefined,
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
    if (!field.resolve || (!isIntrospectionType(type) && isProperty(field))) return undefined;
    const resolve = this.directly.of(field.extensions) ?? field.resolve;
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
      const leaf = leafJsonOf(type);
      return (value, out) => (out.text += leaf.text(value));
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
      const leaf = leafJsonOf(nullable);
      return leavesOf(leaf, nullable === type);
    }
    if (!isObjectType(nullable)) return undefined;
    return recordsOf(this.subfields(nullable, nodes));
  }

  private subfields(type: GraphQLObjectType, nodes: readonly FieldNode[]): FieldPlan[] {
    const { schema, fragments, conditions } = this;
    return this.fields(type, collectSubfields(schema, fragments, conditions, type, nodes));
  }
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
