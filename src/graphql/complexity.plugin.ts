import type { ApolloServerPlugin, BaseContext, GraphQLRequestContext } from '@apollo/server';
import { Plugin } from '@nestjs/apollo';
import { getNullableType, isListType } from 'graphql';
import { type ComplexityEstimatorArgs, getComplexity } from 'graphql-query-complexity';
import { Config } from '../config/environment.js';
import { assert } from '../core/assert.js';
import { AppError } from '../core/app-error.js';

type OperationContext = Pick<
  GraphQLRequestContext<BaseContext>,
  'schema' | 'document' | 'operation' | 'operationName' | 'request'
>;

/**
 * Refuses queries that would answer too many fields, before anything is read. Points are not counted here:
 * how many there are is known, and limited, where they are read (READ_TOO_LARGE).
 */
@Plugin()
export class ComplexityPlugin implements ApolloServerPlugin {
  constructor(private readonly config: Config) {}

  requestDidStart() {
    return Promise.resolve({
      didResolveOperation: (context: OperationContext) => {
        // Mutations do a fixed amount of work per argument, and what they may be sent is limited.
        if (context.operation?.operation === 'query') this.check(context);
        return Promise.resolve();
      },
    });
  }

  private check({ schema, document, operationName, request }: OperationContext): void {
    assert(document, 'a resolved operation has a document');
    const complexity = getComplexity({
      schema,
      query: document,
      ...(operationName == null ? {} : { operationName }),
      variables: request.variables ?? {},
      estimators: [estimate],
    });
    const { queryComplexityMax } = this.config;
    if (complexity > queryComplexityMax) {
      throw new AppError(
        'QUERY_TOO_COMPLEX',
        `The query may answer ${complexity} fields, at most ${queryComplexityMax} are allowed: ask for smaller pages or fewer fields`,
        { complexity, limit: queryComplexityMax },
      );
    }
  }
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
