// The memory that uploads may take together until what they brought is stored.

import { AppError } from '../../core/app-error.js';

export class PutBudget {
  private held = 0;

  constructor(private readonly bytesMax: number) {}

  /** @throws AppError WRITE_TOO_LARGE */
  take(bytes: number): void {
    if (this.held + bytes > this.bytesMax) {
      throw new AppError(
        'WRITE_TOO_LARGE',
        `Uploads may hold at most ${this.bytesMax} bytes together until they are stored (FLIGHT_PUT_BYTES_MAX): send less at once, or with {"atomic": "batch"}`,
        { limit: this.bytesMax },
      );
    }
    this.held += bytes;
  }

  giveBack(bytes: number): void {
    this.held -= bytes;
  }
}

/** What one upload has of it. */
export class PutShare {
  private rows = 0;
  private dictionaries = 0;

  constructor(private readonly budget: PutBudget) {}

  /**
   * For rows until they are stored.
   * @throws AppError WRITE_TOO_LARGE
   */
  takeForRows(bytes: number): void {
    this.budget.take(bytes);
    this.rows += bytes;
  }

  /**
   * For dictionaries, which later batches refer to.
   * @param bytes of all that are there now
   * @throws AppError WRITE_TOO_LARGE
   */
  setDictionaries(bytes: number): void {
    this.budget.take(bytes - this.dictionaries);
    this.dictionaries = bytes;
  }

  rowsAreStored(): void {
    this.budget.giveBack(this.rows);
    this.rows = 0;
  }

  giveBack(): void {
    this.rowsAreStored();
    this.setDictionaries(0);
  }
}
