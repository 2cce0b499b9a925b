// How far an import is: a bar on a terminal, a line now and then elsewhere.

import cliProgress from 'cli-progress';

/** Where lines go; `process.stdout` and `process.stderr` are such. */
export interface TextOutput {
  readonly isTTY?: boolean | undefined;
  write(text: string): boolean;
}

export interface Progress {
  start(label: string, bytes: number): void;
  update(bytesRead: number, line: number): void;
  /** Ends what was started; without a start it does nothing. */
  stop(): void;
}

export function progressOn(output: TextOutput): Progress {
  return output.isTTY ? new ProgressBar(output as NodeJS.WriteStream) : new ProgressLines(output);
}

class ProgressBar implements Progress {
  private readonly bar: cliProgress.SingleBar;

  constructor(stream: NodeJS.WriteStream) {
    this.bar = new cliProgress.SingleBar({
      format: '{label} [{bar}] {percentage}% {lines} lines',
      stream,
      hideCursor: true,
      barsize: 30,
      clearOnComplete: true,
    });
  }

  start(label: string, bytes: number): void {
    this.bar.start(bytes, 0, { label, lines: '0' });
  }

  update(bytesRead: number, line: number): void {
    this.bar.update(bytesRead, { lines: line.toLocaleString('en-US') });
  }

  stop(): void {
    this.bar.stop();
  }
}

/** Often enough to see that it goes on, seldom enough for the log of a nightly job. */
const MILLISECONDS_PER_LINE = 5000;

class ProgressLines implements Progress {
  private label = '';
  private bytes = 1;
  private nextAt = 0;

  constructor(private readonly output: TextOutput) {}

  start(label: string, bytes: number): void {
    this.label = label;
    this.bytes = Math.max(bytes, 1);
    this.nextAt = performance.now() + MILLISECONDS_PER_LINE;
    this.output.write(`${label}\n`);
  }

  update(bytesRead: number, line: number): void {
    if (performance.now() < this.nextAt) return;
    this.nextAt = performance.now() + MILLISECONDS_PER_LINE;
    const percent = Math.floor((bytesRead / this.bytes) * 100);
    this.output.write(`${this.label}: ${percent} %, ${line.toLocaleString('en-US')} lines\n`);
  }

  stop(): void {
    // The lines that were written stay; the summary follows.
  }
}
