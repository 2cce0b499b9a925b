// The lines of the log of an application in this process, as they would be on standard output.

import { Logger } from '@nestjs/common';
import { expect, vi } from 'vitest';
import type { Config } from '../../src/config/environment.js';
import { JsonLogger } from '../../src/logging/json-logger.js';
import { testConfig } from './test-app.js';

export type LogLine = Readonly<Record<string, unknown>>;

export class LogLines {
  private readonly texts: string[] = [];

  /** To be made once the application is there: from then on its lines come here. */
  constructor(settings: Partial<Config> = {}) {
    const output = { write: (line: string) => this.texts.push(line) };
    Logger.overrideLogger(new JsonLogger(testConfig(settings), output));
  }

  get all(): LogLine[] {
    return this.texts.map((text) => JSON.parse(text) as LogLine);
  }

  of(requestId: string): LogLine[] {
    return this.all.filter((line) => line['requestId'] === requestId);
  }

  /** The only line of a request, when it is there: it is written when the caller may have its answer already. */
  async one(requestId: string): Promise<LogLine> {
    await vi.waitFor(() => expect(this.of(requestId).length).toBeGreaterThan(0), 10_000);
    expect(this.of(requestId)).toHaveLength(1);
    return this.of(requestId)[0]!;
  }

  forget(): void {
    this.texts.length = 0;
  }
}
