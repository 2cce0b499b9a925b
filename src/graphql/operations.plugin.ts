import type { ApolloServerPlugin } from '@apollo/server';
import { Plugin } from '@nestjs/apollo';
import type { FastifyRequest } from 'fastify';
import {
  type DocumentNode,
  getOperationAST,
  type GraphQLError,
  type OperationDefinitionNode,
  type OperationTypeNode,
  stripIgnoredCharacters,
} from 'graphql';
import type { Failure } from '../logging/request-log.js';
import { GraphqlMetrics } from '../metrics/graphql-metrics.js';
import type { Outcome } from '../metrics/outcome.js';
import { codeOf, isUnexpected, originalOf } from './error-format.js';

interface ResponseContext {
  readonly operation?: OperationDefinitionNode;
  readonly errors?: readonly GraphQLError[];
  /** The text of the query, sent or persisted. */
  readonly source?: string;
  /** As soon as it was parsed, though no operation of it may be run. */
  readonly document?: DocumentNode;
  readonly request: { readonly variables?: unknown; readonly operationName?: string };
  readonly contextValue: { readonly req?: FastifyRequest };
}

/** Longer ones are not tidied up for the log, which shows their beginning only. */
const TIDIED_CHARACTERS_MAX = 100_000;

/** Counts and times what Apollo answers, and notes on its request what is to be logged where that ends. */
@Plugin()
export class OperationsPlugin implements ApolloServerPlugin {
  constructor(private readonly metrics: GraphqlMetrics) {}

  requestDidStart() {
    const started = performance.now();
    return Promise.resolve({
      willSendResponse: (context: ResponseContext) => {
        const { operation, errors = [] } = context;
        const failures = errors.filter(isUnexpected).map(failureOf);
        const type: `${OperationTypeNode}` | undefined = operation?.operation;
        this.metrics.observe(
          {
            type: type === 'query' || type === 'mutation' ? type : 'unknown',
            name: operation?.name?.value,
          },
          outcomeOf(errors, failures),
          (performance.now() - started) / 1000,
        );
        const { req } = context.contextValue;
        if (req) note(req, context, failures);
        return Promise.resolve();
      },
    });
  }
}

/** How it is called in the log: by its name, or by its type where it has none. */
export function operationName(operation: OperationDefinitionNode | null | undefined): string {
  return operation?.name?.value ?? operation?.operation ?? 'unknown';
}

/** A service that refuses on purpose is at fault all the same, in the eyes of who asked. */
function outcomeOf(errors: readonly GraphQLError[], failures: readonly Failure[]): Outcome {
  if (failures.length > 0 || errors.some((error) => codeOf(error) === 'UNAVAILABLE'))
    return 'error';
  return errors.length > 0 ? 'rejected' : 'success';
}

function failureOf(error: GraphQLError): Failure {
  const original = originalOf(error);
  const cause = original instanceof Error ? (original.cause ?? original) : original;
  return { message: error.message, cause, fields: { path: error.path?.join('.') } };
}

function note(
  request: FastifyRequest,
  { operation, document, errors = [], source, request: sent }: ResponseContext,
  failures: readonly Failure[],
): void {
  const { variables, operationName: name } = sent;
  request.describe = () => ({
    protocol: 'graphql',
    operation: operationName(operation ?? (document && getOperationAST(document, name))),
    asked: () => ({ query: tidied(source), variables }),
  });
  const told = errors.find(isUnexpected) ?? errors[0];
  if (told) request.fault = { code: codeOf(told), failures };
}

function tidied(source: string | undefined): string | undefined {
  if (source === undefined || source.length > TIDIED_CHARACTERS_MAX) return source;
  try {
    return stripIgnoredCharacters(source);
  } catch {
    // It does not parse: it is shown as it came.
    return source;
  }
}
