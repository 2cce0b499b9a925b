import type { ApolloServerPlugin, BaseContext, GraphQLRequestContext } from '@apollo/server';
import { Plugin } from '@nestjs/apollo';
import { getVariableValues, GraphQLError, OperationTypeNode } from 'graphql';
import { Config } from '../config/environment.js';
import { assert } from '../core/assert.js';
import { AppError, type ErrorDetails } from '../core/app-error.js';
import { complexityOf } from './complexity.js';

type OperationContext = Pick<
  GraphQLRequestContext<BaseContext>,
  'schema' | 'document' | 'operation' | 'operationName' | 'request'
>;

/** Refuses queries that would answer too many fields, before anything is read. */
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
      const costed = { schema, document, operationName, variables };
      return complexityOf(costed, this.config.queryComplexityMax);
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
