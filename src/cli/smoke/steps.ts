// The steps of a smoke test, told one by one as they end.

import { messageOf } from '../../core/app-error.js';
import { oneLine } from '../health/one-line.js';
import type { TextOutput } from '../import/progress.js';

/** As wide as the longest name but the one with the series. */
const NAME_CHARACTERS = 26;

export class Steps {
  private failed = false;

  constructor(
    private readonly output: TextOutput,
    /** Nothing new is begun once it is aborted. */
    private readonly interrupted: AbortSignal | undefined,
  ) {}

  get hasFailed(): boolean {
    return this.failed;
  }

  /** @returns whether it succeeded; once the test was interrupted, false without a try */
  async run(name: string, task: () => Promise<void>): Promise<boolean> {
    if (this.interrupted?.aborted) {
      this.failed = true;
      return false;
    }
    return this.runAlways(name, task);
  }

  /** Whatever a task throws is a failure of its step: the steps after it have to be gone through all the same. */
  async runAlways(name: string, task: () => Promise<void>): Promise<boolean> {
    const started = performance.now();
    let reason: string | undefined;
    try {
      await task();
    } catch (error) {
      this.failed = true;
      reason = oneLine(messageOf(error));
    }
    const milliseconds = Math.round(performance.now() - started);
    const state = reason === undefined ? 'ok    ' : 'FAILED';
    const line = `${state}  ${name.padEnd(NAME_CHARACTERS)} ${String(milliseconds).padStart(6)} ms`;
    this.output.write(`${line}${reason === undefined ? '' : `: ${reason}`}\n`);
    return reason === undefined;
  }
}
