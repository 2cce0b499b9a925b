import { commonScale, multipleOf } from './decimal-arithmetic.js';
import type { Triangle } from './triangle.js';

/** The values that are known of a period on one day; the days are gone through in their order. */
export class PeriodValues {
  /** How many are known and not missing. */
  count = 0;
  private readonly firstRow: number;
  /** by row of the period: the number of its date in the period */
  private readonly dateOf: Int32Array;
  /** By date of the period; NaN where the value is unknown or missing. */
  private readonly known: Float64Array;
  /** The sum is kept as a whole multiple of 1/scale, exactly; undefined where that is impossible. */
  private readonly scale: number | undefined;
  private multiple = 0;

  /** Of the triangle's dates number `start` (inclusive) to `end` (exclusive), none of which is known yet. */
  constructor(
    private readonly triangle: Triangle,
    start: number,
    end: number,
  ) {
    const { starts, values } = triangle;
    const firstRow = starts[start]!;
    this.firstRow = firstRow;
    this.dateOf = new Int32Array(starts[end]! - firstRow);
    for (let i = start; i < end; i++) {
      this.dateOf.fill(i - start, starts[i]! - firstRow, starts[i + 1]! - firstRow);
    }
    this.known = new Float64Array(end - start).fill(NaN);
    this.scale = commonScale(values.subarray(firstRow, starts[end]), end - start);
  }

  /** @param row of this period, published after those that were added */
  add(row: number): void {
    const date = this.dateOf[row - this.firstRow]!;
    this.put(this.known[date]!, -1);
    this.known[date] = this.triangle.values[row]!;
    this.put(this.known[date], 1);
  }

  private put(value: number, times: 1 | -1): void {
    if (Number.isNaN(value)) return;
    this.count += times;
    if (this.scale !== undefined) this.multiple += times * multipleOf(value, this.scale);
  }

  /** NaN where there is no value, as the average and the last one. */
  get sum(): number {
    if (this.count === 0) return NaN;
    return this.scale === undefined ? this.plainSum() : this.multiple / this.scale;
  }

  get average(): number {
    // One division, so that the result is rounded once.
    return this.scale === undefined
      ? this.sum / this.count
      : this.multiple / (this.scale * this.count);
  }

  get last(): number {
    return this.known.findLast((value) => !Number.isNaN(value)) ?? NaN;
  }

  /** Anew each time: taking a double out of a sum of doubles leaves its rounding behind. */
  private plainSum(): number {
    let sum = 0;
    for (const value of this.known) if (!Number.isNaN(value)) sum += value;
    return sum;
  }
}
