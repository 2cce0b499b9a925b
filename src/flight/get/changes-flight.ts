// The change feed as a stream of record batches. Each carries the cursor behind it, so that a reader who was
// cut off goes on from there; the last message carries the cursor for the next look.

import { Injectable } from '@nestjs/common';
import type { Schema, TypeMap } from 'apache-arrow';
import { Config } from '../../config/environment.js';
import { ChangesService, type FoundChange } from '../../data-points/changes/changes.service.js';
import type { ChangesRequest } from '../flight-request.js';
import type { FlightDataMessage } from '../ipc/flight-data-message.js';
import { recordBatchMessage, schemaMessage } from '../ipc/messages.js';
import { assertListening, type Listener } from '../outgoing.js';
import { KINDS, rowColumn, schemaOf, type RowColumn } from './row-columns.js';

/** Changes of one message, as many as a page of the feed may have. */
const PAGE = 10_000;

const COLUMNS: readonly RowColumn<FoundChange>[] = [
  rowColumn('kind', KINDS.text, ({ change }) => change.kind),
  rowColumn('series_id', KINDS.text, ({ change }) => change.seriesId),
  rowColumn('date', KINDS.day, ({ change }) => change.date),
  rowColumn('revision_date', KINDS.day, ({ change }) => change.revisionDate),
  rowColumn('value', KINDS.double, ({ point }) => (point?.value == null ? null : +point.value)),
  rowColumn('decimal_value', KINDS.text, ({ point }) => point?.value ?? null),
  rowColumn('is_original_release', KINDS.flag, ({ point }) => point?.isOriginal ?? null),
  rowColumn('committed_at', KINDS.instant, ({ change }) => change.committedAt),
];

@Injectable()
export class ChangesFlight {
  readonly schema: Schema<TypeMap> = schemaOf(COLUMNS);

  constructor(
    private readonly changes: ChangesService,
    private readonly config: Config,
  ) {}

  /** What was written until now; while writers go on, the rest is left to the next look. */
  async *messages(
    { since, seriesIds }: ChangesRequest,
    listener: Listener,
  ): AsyncGenerator<FlightDataMessage> {
    yield schemaMessage(this.schema);
    const { through } = this.changes;
    let cursor = since;
    for (;;) {
      assertListening(listener);
      const page = await this.changes.page({
        since: cursor ?? null,
        first: Math.min(PAGE, this.config.readPointsMax),
        seriesIds: seriesIds ? [...seriesIds] : null,
      });
      cursor = page.cursor;
      const rows = page.changes;
      // The last batch may be empty: a message without a batch is more than some clients understand.
      const isLast = !page.hasMore || (page.knownThrough ?? -1) >= through;
      if (rows.length > 0 || isLast) {
        const bodies = COLUMNS.map(({ bodyOf }) => bodyOf(rows));
        const metadata = Buffer.from(JSON.stringify({ cursor }));
        yield recordBatchMessage(rows.length, bodies, metadata);
      }
      if (isLast) return;
    }
  }
}
