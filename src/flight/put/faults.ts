// What is wrong with the rows of an upload: the first ones, so that a caller sees a pattern, and where.

import { validationError } from '../../core/app-error.js';

const FAULTS_MAX = 20;

interface Fault {
  readonly row: number;
  readonly field: string;
  readonly message: string;
}

export class Faults {
  private readonly found: Fault[] = [];

  /** @param row counted from 0 over the whole stream */
  add(row: number, field: string, message: string): void {
    if (this.found.length < FAULTS_MAX) this.found.push({ row, field, message });
  }

  /** Enough is known; looking further would only take time. */
  get isFull(): boolean {
    return this.found.length === FAULTS_MAX;
  }

  /** @throws AppError VALIDATION_ERROR with the rows */
  throwIfAny(): void {
    const [first] = this.found;
    if (!first) return;
    const rows = [...new Set(this.found.map(({ row }) => row))].sort((a, b) => a - b);
    const more =
      rows.length > 1 ? `; at fault are rows ${rows.join(', ')}${this.isFull ? ' …' : ''}` : '';
    throw validationError(first.field, `Row ${first.row}: ${first.message}${more}`, {
      rows,
      faults: this.found,
    });
  }
}
