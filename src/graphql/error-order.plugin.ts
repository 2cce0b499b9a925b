import type { ApolloServerPlugin, GraphQLResponse } from '@apollo/server';
import { Plugin } from '@nestjs/apollo';
import type { GraphQLFormattedError } from 'graphql';

interface ResponseContext {
  readonly response: GraphQLResponse;
}

/**
 * Puts the errors of fields into the order of the query, and of lists: graphql-js has them in the order in which
 * reads happened to fail, so that the same answer would not be the same twice.
 */
@Plugin()
export class ErrorOrderPlugin implements ApolloServerPlugin {
  requestDidStart() {
    return Promise.resolve({
      willSendResponse: ({ response: { body } }: ResponseContext) => {
        const { errors = [] } = body.kind === 'single' ? body.singleResult : {};
        const areOfFields = errors.every(({ path }) => path !== undefined);
        if (body.kind === 'single' && errors.length > 1 && areOfFields) {
          body.singleResult.errors = errors.toSorted(compareErrors);
        }
        return Promise.resolve();
      },
    });
  }
}

function compareErrors(a: GraphQLFormattedError, b: GraphQLFormattedError): number {
  const [placeA, placeB] = [a.locations?.[0], b.locations?.[0]];
  const byLine = (placeA?.line ?? 0) - (placeB?.line ?? 0);
  const byColumn = (placeA?.column ?? 0) - (placeB?.column ?? 0);
  return byLine || byColumn || comparePaths(a.path ?? [], b.path ?? []);
}

type Path = readonly (string | number)[];

function comparePaths(a: Path, b: Path): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const [stepA, stepB] = [a[index]!, b[index]!];
    if (stepA === stepB) continue;
    if (typeof stepA === 'number' && typeof stepB === 'number') return stepA - stepB;
    return String(stepA) < String(stepB) ? -1 : 1;
  }
  return a.length - b.length;
}
