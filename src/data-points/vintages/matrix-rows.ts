// The one place where the cells of a matrix become lists.

import type { PointBatch } from '../../schema/point-batch.js';
import type { RevisionCoverage } from './coverage.js';
import type * as model from './vintages.model.js';
import { NO_CELL, type VintageMatrix } from './vintage-matrix.js';

export function toMatrix({
  batch,
  matrix,
  coverage,
}: {
  readonly batch: PointBatch;
  readonly matrix: VintageMatrix;
  readonly coverage: () => RevisionCoverage;
}): model.VintageMatrix {
  const lists = <T>(cell: (row: number) => T): T[][] =>
    matrix.cells.map((line) => Array.from(line, cell));
  return {
    dates: [...matrix.dates],
    revisionDates: [...matrix.revisionDates],
    get values() {
      return lists((row) => (row === NO_CELL || batch.isNull(row) ? null : batch.values[row]!));
    },
    get decimalValues() {
      return lists((row) => (row === NO_CELL ? null : batch.decimal(row)));
    },
    get isPresent() {
      return lists((row) => row !== NO_CELL);
    },
    get coverage() {
      return coverage();
    },
  };
}
