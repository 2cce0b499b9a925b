// What is wrong with the rows of an upload: the first ones, so that a caller sees a pattern, and where.

import { AppError, validationError } from '../../core/app-error.js';

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

/** Runs `task` for a row, which its AppErrors then name. */
export function atRow<T>(row: number, task: () => T): T {
  try {
    return task();
  } catch (error) {
    throw error instanceof AppError ? ofRow(row, error) : error;
  }
}

/** The same error, with its row. */
export function ofRow(row: number, { code, message, details }: AppError): AppError {
  return new AppError(code, `Row ${row}: ${message}`, { ...details, rows: [row] });
}
