// The one place where the cells of a matrix become lists.

import type { CalendarDate } from '../../core/calendar-date.js';
import type { PointBatch } from '../../schema/point-batch.js';
import type { Later } from '../rows.js';
import type { RevisionCoverage } from './coverage.js';
import type * as model from './vintages.model.js';
import { NO_CELL, type VintageMatrix } from './vintage-matrix.js';

/** Its lists are made when they are looked at. */
class MatrixRow implements model.VintageMatrixRow {
  constructor(
    readonly date: CalendarDate,
    private readonly batch: PointBatch,
    private readonly cells: Int32Array,
  ) {}

  get values(): (number | null)[] {
    const { batch } = this;
    return Array.from(this.cells, (row) =>
      row === NO_CELL || batch.isNull(row) ? null : batch.values[row]!,
    );
  }

  get decimalValues(): (string | null)[] {
    return Array.from(this.cells, (row) => (row === NO_CELL ? null : this.batch.decimal(row)));
  }

  get isPresent(): boolean[] {
    return Array.from(this.cells, (row) => row !== NO_CELL);
  }
}

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
    rows: matrix.cells.map((cells, index) => new MatrixRow(matrix.dates[index]!, batch, cells)),
    get coverage() {
      return coverage();
    },
  };
}
