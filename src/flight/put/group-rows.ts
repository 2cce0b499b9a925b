// From the batches of an upload to the points of each series: rows are dealt out by series in one pass over
// typed arrays, in the order in which they came.

import type { Uuid } from '../../core/uuid.js';
import type { SentPoints } from '../../storage/point-upserts.js';
import type { SentRows } from './point-rows.js';

/** @param ids of the series, by the places that the rows refer to */
export function groupBySeries(batches: readonly SentRows[], ids: readonly Uuid[]): SentPoints[] {
  const counts = new Int32Array(ids.length);
  let total = 0;
  for (const { series, length } of batches) {
    total += length;
    for (let row = 0; row < length; row++) counts[series[row]!]!++;
  }
  const starts = new Int32Array(ids.length);
  for (let place = 1; place < ids.length; place++) {
    starts[place] = starts[place - 1]! + counts[place - 1]!;
  }
  const dates = new Int32Array(total);
  const revisionDates = new Int32Array(total);
  const values = new Float64Array(total);
  const originals = new Uint8Array(total);
  const positions = new Float64Array(total);
  const exact = ids.map(() => new Map<number, string>());
  const next = starts.slice();
  for (const batch of batches) {
    const hasExact = batch.exact.size > 0;
    for (let row = 0; row < batch.length; row++) {
      const place = batch.series[row]!;
      const at = next[place]!++;
      dates[at] = batch.dates[row]!;
      revisionDates[at] = batch.revisionDates[row]!;
      values[at] = batch.values[row]!;
      originals[at] = batch.originals[row]!;
      positions[at] = batch.firstRow + row;
      if (!hasExact) continue;
      const text = batch.exact.get(row);
      if (text !== undefined) exact[place]!.set(at - starts[place]!, text);
    }
  }
  return ids.flatMap((seriesId, place) => {
    const [start, end] = [starts[place]!, starts[place]! + counts[place]!];
    if (start === end) return [];
    return {
      seriesId,
      dates: dates.subarray(start, end),
      revisionDates: revisionDates.subarray(start, end),
      values: values.subarray(start, end),
      originals: originals.subarray(start, end),
      positions: positions.subarray(start, end),
      exact: exact[place]!,
    };
  });
}
