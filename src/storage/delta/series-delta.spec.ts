import { expect, it } from 'vitest';
import type { CalendarDate } from '../../core/calendar-date.js';
import { Instant } from '../../core/instant.js';
import { PointBatch } from '../../schema/point-batch.js';
import { NO_POINTS } from '../points-summary.js';
import type { Publication } from '../vintages/published-vintages.js';
import { SeriesDelta } from './series-delta.js';

it('looks at a vintage as often as there are doublings of the vintages after it, not once for each of them', () => {
  let looks = 0;
  const commits = 1000;
  const publication = (day: number): Publication => ({
    kind: 'published',
    revisionDate: day as CalendarDate,
    isComplete: false,
    get dates() {
      looks++;
      return Int32Array.of(7);
    },
  });
  const changes = { points: PointBatch.EMPTY, removed: null };
  let copied = 0;
  let delta: SeriesDelta | undefined;
  for (let n = 1; n <= commits; n++) {
    const change = { changes, vintageChanges: [publication(n)] };
    const before: readonly unknown[] = delta?.['runs'] ?? [];
    delta =
      delta?.with(change, Instant.of(n), NO_POINTS) ??
      SeriesDelta.of(change, Instant.of(n), NO_POINTS);
    for (const run of delta['runs']) {
      if (!before.includes(run)) copied += run.vintageChanges.length;
    }
  }
  expect(looks).toBe(commits);
  expect(copied).toBeLessThan(commits * Math.log2(commits) * 2);
  expect(delta!.vintageChanges.map((change) => (change as Publication).revisionDate)).toEqual(
    Array.from({ length: commits }, (_, n) => n + 1),
  );
  const runs = delta!['runs'].length;
  expect(runs).toBeLessThan(12);
  expect(delta!.bytes).toBe(commits * (300 + 4) + runs * 1200);
  expect(delta!.sealed().bytes).toBe(commits * (300 + 4) + 1200);
});
