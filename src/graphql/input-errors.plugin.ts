// graphql-js reports a bad argument as "Variable "$inputs" got invalid value … at "inputs[3].date"", or
// for a literal as a validation error at a node of the query. Callers are promised VALIDATION_ERROR with the field's
// name; this plugin finds it.

import type { ApolloServerPlugin } from '@apollo/server';
import { Plugin } from '@nestjs/apollo';
import {
  type ASTNode,
  type DocumentNode,
  GraphQLError,
  Kind,
  type ValueNode,
  visit,
} from 'graphql';
import { AppError, validationError } from '../core/app-error.js';
import { originalOf } from './error-format.js';
import { FIELD } from './scalars.js';

// What graphql-js says of a variable, and of an argument that a variable left empty.
const VARIABLE = /^Variable "\$([^"]+)"/;
const AT_PATH = /^Variable .* at "([^"]+)"; /s;
const INPUT_FIELD = /; Field "([^"]+)" (?:of required type|is not defined)/;
const ARGUMENT = /^Argument "([^"]+)" of (?:non-null|required) type/;

@Plugin()
export class InputErrorsPlugin implements ApolloServerPlugin {
  requestDidStart() {
    return Promise.resolve({
      didEncounterErrors: ({ errors, document }: ErrorContext) => {
        const nodes = new Set(errors.map((error) => error.nodes?.[0]));
        const paths = document ? inputPaths(document, nodes) : new Map<ASTNode, string>();
        for (const error of errors) nameField(error, paths);
        return Promise.resolve();
      },
    });
  }
}

interface ErrorContext {
  readonly errors: readonly GraphQLError[];
  readonly document?: DocumentNode;
}

type Paths = ReadonlyMap<ASTNode, string>;

/** Changes the error in place: Apollo formats this very object. */
function nameField(error: GraphQLError, paths: Paths): void {
  const original = originalOf(error);
  if (original instanceof AppError) {
    const field = original.details['field'] === FIELD ? fieldOf(error, paths) : undefined;
    if (field === undefined) return;
    const message = original.message.replace(FIELD, field);
    replaceOriginal(error, new AppError(original.code, message, { ...original.details, field }));
  } else if (original instanceof GraphQLError && !isAboutDocument(error)) {
    // Not a scalar of ours but graphql-js found the fault, in a variable or in an argument made of one.
    const field = fieldOf(error, paths);
    if (field !== undefined) replaceOriginal(error, validationError(field, error.message));
  }
}

function replaceOriginal(error: GraphQLError, originalError: AppError): void {
  Object.defineProperty(error, 'originalError', { value: originalError });
}

/** The text of the query itself is at fault; that has a code of its own. */
function isAboutDocument({ extensions }: GraphQLError): boolean {
  return extensions['code'] === 'GRAPHQL_VALIDATION_FAILED';
}

function fieldOf({ message, nodes }: GraphQLError, paths: Paths): string | undefined {
  const variable = AT_PATH.exec(message)?.[1] ?? VARIABLE.exec(message)?.[1];
  if (variable === undefined) {
    return ARGUMENT.exec(message)?.[1] ?? (nodes?.[0] && paths.get(nodes[0]));
  }
  const inner = INPUT_FIELD.exec(message)?.[1];
  return inner === undefined ? variable : `${variable}.${inner}`;
}

/** `input.startDate` for a value inside `createSeries(input: { startDate: … })`; one walk for all errors. */
function inputPaths(document: DocumentNode, targets: ReadonlySet<ASTNode | undefined>): Paths {
  const paths = new Map<ASTNode, string>();
  const collect = (value: ValueNode, path: string): void => {
    if (targets.has(value)) paths.set(value, path);
    if (value.kind === Kind.OBJECT) {
      for (const field of value.fields) collect(field.value, `${path}.${field.name.value}`);
    } else if (value.kind === Kind.LIST) {
      value.values.forEach((item, index) => collect(item, `${path}[${index}]`));
    }
  };
  visit(document, {
    Argument: ({ name, value }) => collect(value, name.value),
    VariableDefinition: ({ variable, defaultValue }) => {
      if (defaultValue) collect(defaultValue, variable.name.value);
    },
  });
  return paths;
}
