import { Module } from '@nestjs/common';
import { PersistedQueries } from './persisted-queries.js';

/** Apollo, which is configured before the module around it, needs them too. */
@Module({ providers: [PersistedQueries], exports: [PersistedQueries] })
export class PersistedQueriesModule {}
