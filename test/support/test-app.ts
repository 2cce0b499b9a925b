// The whole application on a free port and a data directory of its own.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger, type LoggerService } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp, listen } from '../../src/app.js';
import { Config } from '../../src/config/environment.js';

/** Keeps what is logged, for tests that ask. */
export class RecordingLogger implements LoggerService {
  readonly entries: { level: string; message: unknown }[] = [];
  log = (message: unknown) => this.record('info', message);
  warn = (message: unknown) => this.record('warn', message);
  error = (message: unknown) => this.record('error', message);
  debug = () => undefined;
  verbose = () => undefined;

  private record(level: string, message: unknown): void {
    this.entries.push({ level, message });
  }
}

export interface GraphqlAnswer {
  readonly status: number;
  // The shape of an answer is what the tests assert.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: any;
  readonly errors?: {
    message: string;
    path?: (string | number)[];
    extensions: Record<string, unknown> & { code: string };
  }[];
}

export interface TestApp {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly flightPort: number;
  readonly dataDir: string;
  readonly logger: RecordingLogger;
  query(query: string, variables?: Record<string, unknown>): Promise<GraphqlAnswer>;
  /** Stops the application; the data directory stays. */
  stop(): Promise<void>;
  /** Stops the application and removes the data directory, if it was made here. */
  close(): Promise<void>;
}

export function testConfig(overrides: Partial<Config> = {}): Config {
  return Object.assign(new Config(), {
    ...{ port: 0, flightPort: 0 },
    // Nobody knows how full the disk of a test is.
    healthDiskFreePercentMin: 0,
    ...overrides,
  });
}

export async function temporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'econ-graph-test-'));
}

export async function startTestApp(overrides: Partial<Config> = {}): Promise<TestApp> {
  const dataDir = overrides.dataDir ?? (await temporaryDirectory());
  const logger = new RecordingLogger();
  const config = testConfig({ ...overrides, dataDir });
  const app = await createApp(config, { logger });
  const addresses = await listen(app, config);
  const url = addresses.url.replace('[::1]', '127.0.0.1');
  const stop = async (): Promise<void> => {
    await app.close();
    Logger.overrideLogger(false);
  };
  return {
    app,
    url,
    flightPort: addresses.flightPort,
    dataDir,
    logger,
    query: (query, variables) => postGraphql(url, query, variables),
    stop,
    close: async () => {
      await stop();
      if (overrides.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export async function postGraphql(
  url: string,
  query: string,
  variables?: Record<string, unknown>,
): Promise<GraphqlAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  return { status: response.status, ...((await response.json()) as object) } as GraphqlAnswer;
}
