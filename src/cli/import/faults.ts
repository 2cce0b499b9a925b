// What is wrong with a file: faults of single lines, which are collected, and failures that concern it
// whole, which are thrown.

/** Faults that are shown of one file; more would bury the first. */
export const FAULTS_SHOWN_MAX = 20;

/** The input as a whole cannot be used. The message is meant for its author and fits one line. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** Several of them, a line for each. */
export class InputErrors extends Error {
  override readonly name = 'InputErrors';

  constructor(readonly lines: readonly string[]) {
    super(lines.join('\n'));
  }
}

export interface Fault {
  readonly line: number;
  /** Characters from the beginning of the line, from 1. */
  readonly column: number;
  readonly reason: string;
}

export function describeFault(file: string, { line, column, reason }: Fault): string {
  return `${file}:${line}:${column}: ${reason}`;
}

/** Every bad line is counted; the faults of the first ones are kept. */
export class FaultLog {
  private readonly faults: Fault[] = [];
  private total = 0;
  private lines = 0;

  get badLines(): number {
    return this.lines;
  }

  /** @param faults of one line, at least one */
  add(faults: readonly Fault[]): void {
    this.lines++;
    this.total += faults.length;
    for (const fault of faults) {
      if (this.faults.length < FAULTS_SHOWN_MAX) this.faults.push(fault);
    }
  }

  /** One line of text per fault, in the order of the file, and one for those that are not shown. */
  describe(file: string): string[] {
    const sorted = this.faults.toSorted((a, b) => a.line - b.line || a.column - b.column);
    const more = this.total - sorted.length;
    return [
      ...sorted.map((fault) => describeFault(file, fault)),
      ...(more > 0 ? [`${file}: and ${more} more`] : []),
    ];
  }
}
