import { constants } from 'node:os';
import type { LoggerService } from '@nestjs/common';
import { messageOf } from '../core/app-error.js';

export const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const;
type StopSignal = (typeof STOP_SIGNALS)[number];

/** Who stops npm and all its children, as a terminal and systemd do, is passed on by npm: that is one signal, not two. */
const REPEATED_MILLISECONDS = 250;

/**
 * Ends the process when it is told to. The first signal stops in order and ends with code 0; a second one, and one during
 * the start, ends it at once, with the code of a process that the signal ended. Handled from the start on,
 * because the first process of a container is not ended by signals that it does not handle.
 */
export class StopSignals {
  /** How to stop in order, once there is something to be stopped. */
  shutDown: (() => Promise<void>) | undefined;
  private began: number | undefined;
  private first: StopSignal | undefined;

  constructor(private readonly logger: LoggerService) {
    for (const signal of STOP_SIGNALS) process.on(signal, () => this.stop(signal));
  }

  private stop(signal: StopSignal): void {
    const { shutDown, began, logger } = this;
    if (began !== undefined) {
      const isSoon = performance.now() - began < REPEATED_MILLISECONDS;
      if (signal === this.first && isSoon) return;
      logger.warn({ message: 'Stopped at once; the log has what is not in files', signal });
      process.exit(128 + constants.signals[signal]);
    }
    if (!shutDown) {
      logger.log({ message: 'Stopped while it started', signal });
      process.exit(128 + constants.signals[signal]);
    }
    const started = performance.now();
    this.began = started;
    this.first = signal;
    logger.log({ message: 'Stopping', signal });
    shutDown().then(
      () => {
        logger.log({ message: 'Stopped', durationMs: Math.round(performance.now() - started) });
        process.exit(0);
      },
      (error: unknown) => {
        logger.error({ message: 'The stop failed', reason: messageOf(error) });
        process.exit(1);
      },
    );
  }
}
