// The one place where the cells of a matrix become lists.

import type { PointBatch } from '../../schema/point-batch.js';
import type { Later } from '../rows.js';
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
  readonly coverage: () => Promise<RevisionCoverage>;
}): Later<model.VintageMatrix, 'coverage'> {
  return {
    revisionDates: [...matrix.revisionDates],
    rows: matrix.cells.map((cells, index) => ({
      date: matrix.dates[index]!,
      get values() {
        return Array.from(cells, (row) =>
          row === NO_CELL || batch.isNull(row) ? null : batch.values[row]!,
        );
      },
      get decimalValues() {
        return Array.from(cells, (row) => (row === NO_CELL ? null : batch.decimal(row)));
      },
      get isPresent() {
        return Array.from(cells, (row) => row !== NO_CELL);
      },
    })),
    get coverage() {
      return coverage();
    },
  };
}
