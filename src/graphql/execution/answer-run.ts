// One execution of a compiled operation: its variables, what it has read so far, and what it still waits for.

import { Turns } from '../../core/turns.js';
import type { AnswerReads } from './answer-reads.js';
import { AnswerText } from './answer-text.js';

/** Writes what became of a value. */
export type Write = (value: unknown, out: AnswerText, run: AnswerRun) => void;

/** How many values are written between two looks at the clock. */
const SETTLED_PER_LOOK = 16;

export class AnswerRun {
  readonly text = new AnswerText();
  private readonly turns = new Turns();
  private readonly args: unknown[] = [];
  private waits = 0;
  private settled = 0;
  private resolve: (() => void) | undefined;
  private reject: ((error: unknown) => void) | undefined;
  private failure: { readonly error: unknown } | undefined;

  constructor(
    /** Coerced. */
    readonly variables: Readonly<Record<string, unknown>>,
    /** What resolvers get as their context, one for each request. */
    readonly context: object,
    readonly reads: AnswerReads,
  ) {}

  /** Whether others wait for their turn for too long already. */
  get isTurnDue(): boolean {
    return this.turns.isDue;
  }

  /** Arguments that are made once, although a field is asked of many parents. */
  argsOf(field: number, make: () => unknown): unknown {
    return (this.args[field] ??= make());
  }

  /** Writes into a gap, once the value is there. */
  later(value: PromiseLike<unknown>, write: Write, gap: AnswerText): void {
    this.waits += 1;
    value.then(
      (settled) => {
        // Small answers never queue: only where there is much to write, others are thought of.
        const isLooked = ++this.settled % SETTLED_PER_LOOK === 0;
        if (isLooked && this.isTurnDue) this.inTurn(() => this.end(settled, write, gap));
        else this.end(settled, write, gap);
      },
      (error: unknown) => this.fail(error),
    );
  }

  /** Goes on in a gap when others have had their turn. */
  laterInTurn(gap: AnswerText, write: (out: AnswerText) => void): void {
    this.waits += 1;
    this.inTurn(() => this.end(undefined, (_, out) => write(out), gap));
  }

  /**
   * Resolves when nothing is waited for any more.
   * @throws the first error; the answer is incomplete then
   */
  async finished(): Promise<void> {
    if (this.failure) throw this.failure.error;
    if (this.waits === 0) return;
    await new Promise<void>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  private inTurn(task: () => void): void {
    // Neither giving a turn nor the task rejects.
    void this.turns.give().then(task);
  }

  private end(value: unknown, write: Write, gap: AnswerText): void {
    if (this.failure) return;
    try {
      write(value, gap, this);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.waits -= 1;
    if (this.waits === 0) this.resolve?.();
  }

  private fail(error: unknown): void {
    this.failure ??= { error };
    this.reject?.(error);
  }
}
