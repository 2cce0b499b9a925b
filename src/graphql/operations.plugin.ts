import type { ApolloServerPlugin } from '@apollo/server';
import { Logger } from '@nestjs/common';
import { Plugin } from '@nestjs/apollo';
import type { GraphQLError, OperationDefinitionNode } from 'graphql';
import { Config } from '../config/environment.js';
import { GraphqlMetrics } from '../metrics/graphql-metrics.js';
import { isUnexpected, originalOf } from './error-format.js';

interface ResponseContext {
  readonly operation?: OperationDefinitionNode;
  readonly errors?: readonly GraphQLError[];
}

/** Counts and times operations, and logs each unexpected error once, where the request ends. */
@Plugin()
export class OperationsPlugin implements ApolloServerPlugin {
  private readonly logger = new Logger('GraphQL');

  constructor(
    private readonly metrics: GraphqlMetrics,
    private readonly config: Config,
  ) {}

  requestDidStart() {
    const started = performance.now();
    return Promise.resolve({
      willSendResponse: ({ operation, errors = [] }: ResponseContext) => {
        const type: string | undefined = operation?.operation;
        this.metrics.observe(
          type === 'query' || type === 'mutation' ? type : 'unknown',
          errors.length > 0 ? 'error' : 'success',
          (performance.now() - started) / 1000,
        );
        for (const error of errors) if (isUnexpected(error)) this.log(error);
        return Promise.resolve();
      },
    });
  }

  private log(error: GraphQLError): void {
    const original = originalOf(error);
    const cause = original instanceof Error ? (original.cause ?? original) : original;
    this.logger.error({
      message: error.message,
      path: error.path?.join('.'),
      cause: this.describe(cause),
    });
  }

  private describe(cause: unknown): string {
    return (this.config.logStackTraces && cause instanceof Error && cause.stack) || String(cause);
  }
}
