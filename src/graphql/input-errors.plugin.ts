// graphql-js reports a bad argument as "Variable "$inputs" got invalid value … at "inputs[3].date"", or
// for a literal as a validation error at a node of the query. Callers are promised VALIDATION_ERROR with the field's
// name; this plugin finds it.

import type { ApolloServerPlugin } from '@apollo/server';
import { Plugin } from '@nestjs/apollo';
import {
  type ASTNode,
  type DocumentNode,
  type GraphQLError,
  Kind,
  type ValueNode,
  visit,
} from 'graphql';
import { AppError } from '../core/app-error.js';
import { FIELD } from './scalars.js';

const AT_PATH = /at "([^"]+)"/;
const VARIABLE = /^Variable "\$([^"]+)"/;

@Plugin()
export class InputErrorsPlugin implements ApolloServerPlugin {
  requestDidStart() {
    return Promise.resolve({
      didEncounterErrors: ({ errors, document }: ErrorContext) => {
        for (const error of errors) nameField(error, document);
        return Promise.resolve();
      },
    });
  }
}

interface ErrorContext {
  readonly errors: readonly GraphQLError[];
  readonly document?: DocumentNode;
}

/** Changes the error in place: Apollo formats this very object. */
function nameField(error: GraphQLError, document: DocumentNode | undefined): void {
  const original = originalOf(error);
  if (original instanceof AppError) {
    const field = error.path === undefined && original.details['field'] === FIELD;
    const name = field ? fieldOf(error, document) : undefined;
    if (name === undefined) return;
    const message = original.message.replace(FIELD, name);
    replaceOriginal(error, new AppError(original.code, message, { ...original.details, field: name }));
  } else if (original instanceof GraphQLError && !isAboutDocument(original)) {
    // graphql-js itself found the fault, while it read the variables or the arguments made of them.
    const name = fieldOf(error, document);
    if (name !== undefined) replaceOriginal(error, validationError(name, error.message));
  }
}
/** `input.startDate` for a value inside `createSeries(input: { startDate: … })`. */
function argumentPath(document: DocumentNode, target: ASTNode): string | undefined {
  let path: string | undefined;
  visit(document, {
    Argument: ({ name, value }) => {
      path ??= pathWithin(value, target, name.value);
    },
  });
  return path;
}

function pathWithin(value: ValueNode, target: ASTNode, path: string): string | undefined {
  if (value === target) return path;
  const children =
    value.kind === Kind.OBJECT
      ? value.fields.map((field): [ValueNode, string] => [field.value, `.${field.name.value}`])
      : value.kind === Kind.LIST
        ? value.values.map((item, index): [ValueNode, string] => [item, `[${index}]`])
        : [];
  for (const [child, step] of children) {
    const found = pathWithin(child, target, path + step);
    if (found !== undefined) return found;
  }
  return undefined;
}
