import type { ApolloServerPlugin, BaseContext, GraphQLRequestContext } from '@apollo/server';
import { Plugin } from '@nestjs/apollo';
import {
  getNullableType,
  getVariableValues,
  GraphQLError,
  isListType,
  OperationTypeNode,
} from 'graphql';
import {
  type ComplexityEstimatorArgs,
  fieldExtensionsEstimator,
  getComplexity,
} from 'graphql-query-complexity';
import { Config } from '../config/environment.js';
import { assert } from '../core/assert.js';
import { AppError, type ErrorDetails } from '../core/app-error.js';

type OperationContext = Pick<
  GraphQLRequestContext<BaseContext>,
  'schema' | 'document' | 'operation' | 'operationName' | 'request'
>;

/**
 * Refuses queries that would answer too many fields, before anything is read. Fields of points say of
 * themselves that they count once: how many there are is known, and limited, where they are read.
 */
@Plugin()
export class ComplexityPlugin implements ApolloServerPlugin {
  constructor(private readonly config: Config) {}

  requestDidStart() {
    return Promise.resolve({
      didResolveOperation: (context: OperationContext) => {
        // Mutations do a fixed amount of work per argument, and what they may be sent is limited.
        if (context.operation?.operation === OperationTypeNode.QUERY) this.check(context);
        return Promise.resolve();
      },
    });
  }

  private check(context: OperationContext): void {
    const { queryComplexityMax } = this.config;
    const complexity = this.complexityOf(context);
    if (complexity === undefined || complexity <= queryComplexityMax) return;
    throw tooComplex(
      `The query may answer ${complexity} fields, at most ${queryComplexityMax} are allowed: ask for smaller pages or fewer fields`,
      { complexity, limit: queryComplexityMax },
    );
  }

  /** Undefined where the variables are bad: the execution, which stops there too, names all of them. */
  private complexityOf(context: OperationContext): number | undefined {
    const { schema, document, operation, operationName, request } = context;
    assert(document, 'a resolved operation has a document');
    const variables = request.variables ?? {};
    try {
      return getComplexity({
        schema,
        query: document,
        ...(operationName == null ? {} : { operationName }),
        variables,
        estimators: [fieldExtensionsEstimator(), estimate],
        // Nothing is counted for a fragment or a field that is skipped, and yet each must be looked at.
        maxQueryNodes: this.config.queryComplexityMax,
      });
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      if (getVariableValues(schema, operation?.variableDefinitions ?? [], variables).errors) {
        return undefined;
      }
      if (!NODES_EXCEEDED.test(error.message)) throw badRequest(error);
      throw tooComplex(
        `The query has more than ${this.config.queryComplexityMax} fields and fragments, counting each use of a fragment`,
        { limit: this.config.queryComplexityMax },
      );
    }
  }
}

const NODES_EXCEEDED = /maximum allowed number of nodes/;

function tooComplex(message: string, details: ErrorDetails): GraphQLError {
  return badRequest(new AppError('QUERY_TOO_COMPLEX', message, details));
}

/** Apollo answers 500 to whatever is thrown here without a status of its own. */
function badRequest(originalError: Error): GraphQLError {
  const nodes = originalError instanceof GraphQLError ? originalError.nodes : undefined;
  const extensions = { http: { status: 400 } };
  return new GraphQLError(originalError.message, {
    nodes: nodes ?? null,
    originalError,
    extensions,
  });
}

/** A field counts one, and its children as often as its page is long. */
function estimate({ field, args, childComplexity }: ComplexityEstimatorArgs): number {
  const pages = isListType(getNullableType(field.type)) || field.name === 'seriesConnection';
  return 1 + childComplexity * (pages ? pageLength(args) : 1);
}

function pageLength({ first, limit, ids }: Record<string, unknown>): number {
  if (Array.isArray(ids)) return ids.length;
  if (typeof first === 'number') return Math.max(first, 1);
  return typeof limit === 'number' ? Math.max(limit, 1) : 1;
}
