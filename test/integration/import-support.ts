// Runs imports in this process and reads back what they stored.

import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext } from '../../src/app.js';
import type { ImportOptions } from '../../src/cli/import/import-options.js';
import { runImport } from '../../src/cli/import/run-import.js';
import { CalendarDate } from '../../src/core/calendar-date.js';
import { Clock } from '../../src/core/clock.js';
import { Instant } from '../../src/core/instant.js';
import { DataPointsService } from '../../src/data-points/data-points.service.js';
import { Revisions } from '../../src/data-points/revisions.js';
import { SeriesService } from '../../src/series/series.service.js';
import { SourcesService } from '../../src/series/sources.service.js';
import { RecordingLogger, testConfig } from '../support/test-app.js';

/** `YYYY-MM-DD`, at noon. */
export class FixedClock extends Clock {
  constructor(private readonly day: string) {
    super();
  }

  now(): Instant {
    return Instant.of((CalendarDate.parse(this.day) + 0.5) * 86_400_000_000);
  }
}

export interface ImportOutcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface ImportSetting extends ImportOptions {
  /** What day it is. */
  readonly today?: string;
  readonly pointsPerChunk?: number;
}

/** A stored point: series, date, revision date, value, `original` or `revision`. */
export type StoredRow = readonly [string, string, string, string | null, string];

/** A directory with files to import and a data directory beside them. */
export class Workbench {
  private constructor(readonly directory: string) {}

  static async make(): Promise<Workbench> {
    return new Workbench(await mkdtemp(join(tmpdir(), 'econ-graph-import-')));
  }

  get dataDir(): string {
    return join(this.directory, 'data');
  }

  /** @returns its path */
  async file(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(this.directory, name);
    await writeFile(path, content);
    return path;
  }

  async import(
    paths: string | readonly string[],
    { today = '2024-06-15', pointsPerChunk, ...options }: ImportSetting = {},
  ): Promise<ImportOutcome> {
    const [out, err]: [string[], string[]] = [[], []];
    const code = await runImport(typeof paths === 'string' ? [paths] : paths, options, {
      environment: { DATA_DIR: this.dataDir },
      stdout: { write: (text) => out.push(text) > 0 },
      stderr: { write: (text) => err.push(text) > 0 },
      clock: new FixedClock(today),
      ...(pointsPerChunk === undefined ? {} : { pointsPerChunk }),
    });
    return { code, out: out.join(''), err: err.join('') };
  }

  /** Everything in the data directory. */
  async stored() {
    const config = testConfig({ dataDir: this.dataDir });
    const context = await createContext(config, { logger: new RecordingLogger() });
    try {
      const points = context.get(DataPointsService);
      const series = await context.get(SeriesService).list({ limit: Infinity, offset: 0 });
      const rows: StoredRow[] = [];
      for (const { id, externalId } of series) {
        const { batch, rows: selected } = await points.select(id, { revisions: Revisions.ALL });
        for (const row of selected) {
          rows.push([
            externalId,
            CalendarDate.format(batch.dates[row] as CalendarDate),
            CalendarDate.format(batch.revisionDates[row] as CalendarDate),
            batch.decimal(row),
            batch.isOriginal(row) ? 'original' : 'revision',
          ]);
        }
      }
      return { series, rows, sources: context.get(SourcesService).all() };
    } finally {
      await context.close();
    }
  }
}

/** The part of a summary that a test is about: `24 created`. */
export function summaryOf(out: string): Record<string, number> {
  const amounts = out.matchAll(
    /([\d,]+) (files?|created|updated|matched|added|corrected|revised|withdrawn|unchanged)/g,
  );
  return Object.fromEntries(
    [...amounts].map(([, amount, name]) => [name, Number(amount!.replaceAll(',', ''))]),
  );
}
