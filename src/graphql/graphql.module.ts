import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { CacheModule } from '../cache/cache.module.js';
import { Config } from '../config/environment.js';
import { LoggingModule } from '../logging/logging.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { AnswerCache } from './answers/answer-cache.js';
import { Answers } from './answers/answers.js';
import { AnswersHook } from './answers/answers.hook.js';
import { PersistedQueries } from './answers/persisted-queries.js';
import { PersistedQueriesModule } from './answers/persisted-queries.module.js';
import { Questions } from './answers/questions.js';
import { SharedAnswers } from './answers/shared-answers.js';
import { DirectResolvers } from './execution/direct-resolvers.js';
import { PreparedOperations } from './execution/prepared-operations.js';
import { ArgumentValidationPipe } from './argument-validation.pipe.js';
import { ComplexityPlugin } from './complexity.plugin.js';
import { formatError } from './error-format.js';
import { ErrorOrderPlugin } from './error-order.plugin.js';
import { InputErrorsPlugin } from './input-errors.plugin.js';
import { OperationsPlugin } from './operations.plugin.js';
import { ResolverErrorsFilter } from './resolver-errors.filter.js';
import { CursorScalar, DateScalar, DateTimeScalar, DecimalScalar, UuidScalar } from './scalars.js';

/** Apollo on Fastify. Resolvers come from the modules that own the data. */
@Module({
  imports: [
    LoggingModule,
    MetricsModule,
    CacheModule,
    PersistedQueriesModule,
    GraphQLModule.forRootAsync<ApolloDriverConfig>({
      driver: ApolloDriver,
      imports: [PersistedQueriesModule],
      inject: [Config, PersistedQueries],
      useFactory: (config: Config, persisted: PersistedQueries) => ({
        autoSchemaFile: true,
        sortSchema: true,
        // The playground is a page of ours: Apollo's own would be fetched from elsewhere.
        graphiql: false,
        introspection: true,
        includeStacktraceInErrorResponses: false,
        hideSchemaDetailsFromClientErrors: true,
        maxRecursiveSelections: true,
        parseOptions: { maxTokens: config.queryTokensMax },
        formatError,
        persistedQueries: { cache: persisted },
        // Nobody gives cache hints, and collecting them costs a callback per field.
        plugins: [ApolloServerPluginCacheControlDisabled()],
        // The listener must outlive readiness: Apollo stops when the application is down, not before.
        stopOnApplicationShutdown: true,
      }),
    }),
  ],
  providers: [
    UuidScalar,
    CursorScalar,
    DateScalar,
    DateTimeScalar,
    DecimalScalar,
    InputErrorsPlugin,
    ComplexityPlugin,
    OperationsPlugin,
    ErrorOrderPlugin,
    DirectResolvers,
    PreparedOperations,
    Questions,
    AnswerCache,
    SharedAnswers,
    Answers,
    AnswersHook,
    ArgumentValidationPipe,
    { provide: APP_PIPE, useExisting: ArgumentValidationPipe },
    { provide: APP_FILTER, useClass: ResolverErrorsFilter },
  ],
})
export class GraphqlModule {
  /** @param stored the module that provides the `Versions` of what resolvers read */
  static over(stored: Type): DynamicModule {
    return { module: GraphqlModule, imports: [stored] };
  }
}
