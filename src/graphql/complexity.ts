// What an operation may cost: how many fields its answer can have.

import { getNullableType, isListType, type DocumentNode, type GraphQLSchema } from 'graphql';
import {
  type ComplexityEstimatorArgs,
  fieldExtensionsEstimator,
  getComplexity,
} from 'graphql-query-complexity';

/** Arguments that say how long a page may be. */
export const PAGE_ARGUMENTS: ReadonlySet<string> = new Set(['first', 'limit', 'ids']);

export interface CostedOperation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName: string | null | undefined;
  /** As they were sent. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * Fields of points say of themselves that they count once: how many there are is known, and limited, where
 * they are read.
 * @param nodesMax fields and fragments to look at, each as often as it is used
 * @throws GraphQLError where there are more, or the variables are bad
 */
export function complexityOf(operation: CostedOperation, nodesMax: number): number {
  const { schema, document, operationName, variables } = operation;
  return getComplexity({
    schema,
    query: document,
    ...(operationName == null ? {} : { operationName }),
    variables,
    estimators: [fieldExtensionsEstimator(), estimate],
    // Nothing is counted for a fragment or a field that is skipped, and yet each must be looked at.
    maxQueryNodes: nodesMax,
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
