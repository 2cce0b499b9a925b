// A real Prometheus on a port and in a directory of its own, and its tool. Nothing here touches one that was running
// before.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { vi } from 'vitest';
import { stringify } from 'yaml';
import { freePort } from './redis-server.js';

const [server, tool] = [
  process.env['PROMETHEUS_PATH'] || 'prometheus',
  process.env['PROMTOOL_PATH'] || 'promtool',
];

const HOW_TO_INSTALL =
  'Install the Debian package "prometheus" (apt-get install prometheus), or set PROMETHEUS_PATH and PROMTOOL_PATH.';

/** A busy machine needs a while; one that needs longer is broken. */
const PATIENCE = { timeout: 30_000, interval: 50 };

/** None outlives the process that runs the tests, not even where a test ends early. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/**
 * Whether the tests that need Prometheus are left out, which is said on the console. In CI (the variable CI is set) a
 * missing one is not a reason: there they fail and say what to install.
 */
export function skipPrometheusTests(): boolean {
  const areThere = [server, tool].every(
    (path) => spawnSync(path, ['--version'], { stdio: 'ignore' }).status === 0,
  );
  if (areThere) return false;
  if (process.env['CI']) return false;
  process.stderr.write(`Tests of Prometheus skipped: there is none. ${HOW_TO_INSTALL}\n`);
  return true;
}

export interface ToolAnswer {
  readonly status: number | null;
  readonly output: string;
}

export function promtool(args: readonly string[], input = ''): ToolAnswer {
  const { status, error, stdout, stderr } = spawnSync(tool, args, { input, encoding: 'utf8' });
  if (error) throw new Error(`${tool} does not run. ${HOW_TO_INSTALL}`, { cause: error });
  return { status, output: `${stdout}${stderr}` };
}

export interface QueryResult {
  readonly metric: Readonly<Record<string, string>>;
}

export class PrometheusServer {
  private constructor(
    readonly url: string,
    private readonly directory: string,
    private readonly child: ChildProcess,
  ) {}

  /**
   * Scrapes one service, every second.
   * @param rules files of rules that it loads
   */
  static async start(target: string, rules: readonly string[]): Promise<PrometheusServer> {
    const directory = await mkdtemp(join(tmpdir(), 'econ-graph-prometheus-'));
    const config = join(directory, 'prometheus.yml');
    await writeFile(
      config,
      stringify({
        global: { scrape_interval: '1s', evaluation_interval: '1s' },
        rule_files: rules.map((path) => resolve(path)),
        scrape_configs: [
          { job_name: 'financial-data-service', static_configs: [{ targets: [target] }] },
        ],
      }),
    );
    const port = await freePort();
    const child = spawn(
      server,
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    running.add(child);
    let output = '';
    let failure: Error | undefined;
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', (error) => (failure = new Error(HOW_TO_INSTALL, { cause: error })));
    child.on('exit', () => {
      running.delete(child);
      failure ??= new Error(`prometheus ended: ${output.slice(-500)}`);
    });
    const prometheus = new PrometheusServer(`http://127.0.0.1:${port}`, directory, child);
    await vi.waitFor(async () => {
      if (failure) return;
      const { ok } = await fetch(`${prometheus.url}/-/ready`);
      if (!ok) throw new Error('not ready');
    }, PATIENCE);
    if (failure) throw failure;
    return prometheus;
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    await rm(this.directory, { recursive: true, force: true });
  }

  /**
   * The `data` of an answer of its API.
   * @throws where it answers with an error, with its words
   */
  async api<T>(path: string, parameters: Record<string, string> = {}): Promise<T> {
    const query = new URLSearchParams(parameters).toString();
    const response = await fetch(`${this.url}/api/v1/${path}?${query}`);
    const answer = (await response.json()) as { status: string; data: T; error?: string };
    if (answer.status !== 'success') throw new Error(answer.error);
    return answer.data;
  }

  /** The time series that answer a query over the last minute. */
  async query(expression: string): Promise<readonly QueryResult[]> {
    const now = Date.now() / 1000;
    const { result } = await this.api<{ result: QueryResult[] }>('query_range', {
      query: expression,
      ...{ start: String(now - 60), end: String(now), step: '1' },
    });
    return result;
  }
}
