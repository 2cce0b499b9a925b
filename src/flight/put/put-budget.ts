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
