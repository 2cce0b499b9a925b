import { Logger } from '@nestjs/common';

const REPORT_MILLISECONDS = 5_000;

/** Tells on the log how far a long piece of work has come. */
export class Progress {
  private readonly logger = new Logger('DataDirectory');
  private done = 0;
  private reportedAt = performance.now();
  private hasReported = false;

  constructor(
    private readonly what: string,
    private readonly total: number,
  ) {}

  advance(): void {
    this.done++;
    if (performance.now() - this.reportedAt < REPORT_MILLISECONDS) return;
    this.report();
  }

  /** Only work that took long enough to be told of is told to have ended. */
  end(): void {
    if (this.hasReported) this.report();
  }

  private report(): void {
    this.reportedAt = performance.now();
    this.hasReported = true;
    this.logger.log({ message: this.what, done: this.done, total: this.total });
  }
}
