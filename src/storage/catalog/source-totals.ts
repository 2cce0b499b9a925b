// What there is of every source, from the columns of the catalogue: a scrape asks for it, so nothing is kept on the
// way of a commit, and nothing is made per series.

import type { CalendarDate } from '../../core/calendar-date.js';
import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import type { PointsSummary } from '../log/commit.js';
import type { CatalogTable } from './catalog-table.js';

export interface SourceTotals {
  readonly sourceId: Uuid;
  series: number;
  /** Stored rows: every revision of every date. */
  points: number;
  /** When points were last stored; null where there never were any, or only in files that are damaged. */
  newestChange: Instant | null;
  newestDate: CalendarDate | null;
}

/** The state of a series with changes that its file lacks. */
export interface ChangedSlot {
  readonly slot: number;
  readonly summary: PointsSummary;
  readonly throughSeq: Instant;
}

/** In no order. */
export function totalsBySource(
  table: CatalogTable,
  changed: Iterable<ChangedSlot>,
): SourceTotals[] {
  const { sourceIds, files } = table;
  const totals: SourceTotals[] = [];
  const of = (code: number): SourceTotals => {
    totals[code] ??= {
      sourceId: sourceIds.text(code)!,
      ...{ series: 0, points: 0, newestChange: null, newestDate: null },
    };
    return totals[code];
  };
  for (let slot = 0; slot < table.slotsUsed; slot += 1) {
    const code = sourceIds.code(slot);
    // Nobody has the slot.
    if (code === 0) continue;
    const total = of(code);
    total.series += 1;
    const change = files.throughSeq.get(slot);
    if (change === null) continue;
    total.points += files.rows.get(slot) ?? 0;
    notice(total, change, files.lastDate.get(slot));
  }
  for (const { slot, summary, throughSeq } of changed) {
    const total = of(sourceIds.code(slot));
    total.points += summary.rows - (files.rows.get(slot) ?? 0);
    notice(total, throughSeq, summary.lastDate);
  }
  return totals.filter(({ series }) => series > 0);
}

function notice(total: SourceTotals, change: Instant, lastDate: CalendarDate | null): void {
  if (change > (total.newestChange ?? 0)) total.newestChange = change;
  if (lastDate === null) return;
  if (total.newestDate === null || lastDate > total.newestDate) total.newestDate = lastDate;
}
