// The variables of an operation as resolvers get them. What graphql-js finds out about them anew for each request,
// their types and defaults, is found once (GraphQL specification, October 2021, section 6.1.2).

import {
  coerceInputValue,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputType,
  isNonNullType,
  type OperationDefinitionNode,
  typeFromAST,
  type TypeNode,
  valueFromAST,
} from 'graphql';

type Variables = Readonly<Record<string, unknown>>;

interface Variable {
  readonly name: string;
  readonly type: GraphQLInputType;
  /** Undefined where there is none. */
  readonly initial: unknown;
}

export class VariableValues {
  private readonly variables: readonly Variable[];

  constructor(schema: GraphQLSchema, { variableDefinitions = [] }: OperationDefinitionNode) {
    this.variables = variableDefinitions.map(({ variable, type: node, defaultValue }) => {
      const type = inputTypeOf(schema, node);
      return { name: variable.name.value, type, initial: valueFromAST(defaultValue, type) };
    });
  }

  /** @returns undefined where one is missing or wrong: the reference executor has the words for it */
  coerced(sent: Variables): Variables | undefined {
    const values: Record<string, unknown> = {};
    try {
      for (const { name, type, initial } of this.variables) {
        if (Object.hasOwn(sent, name)) values[name] = coerceInputValue(sent[name], type, refuse);
        else if (initial !== undefined) values[name] = initial;
        else if (isNonNullType(type)) return undefined;
      }
    } catch {
      return undefined;
    }
    return values;
  }
}

function inputTypeOf(schema: GraphQLSchema, node: TypeNode): GraphQLInputType {
  const type = typeFromAST(schema, node);
  if (!isInputType(type)) throw new TypeError('a validated operation has variables of input types');
  return type;
}

function refuse(): never {
  throw new TypeError('the value is not one of its type');
}
