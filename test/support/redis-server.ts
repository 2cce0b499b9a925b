// A real Redis on a port and in a directory of its own: started, frozen, killed and ended by the test that
// needs it. Nothing here touches a Redis that was running before.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { vi } from 'vitest';

const HOW_TO_INSTALL =
  'Redis is missing: install the Debian package "redis-server" (apt-get install redis-server), or set ' +
  'REDIS_SERVER_PATH to the redis-server executable of Redis 7 or later.';

/** A busy machine needs a while; one that needs longer is broken. */
const PATIENCE = { timeout: 20_000, interval: 20 };

/** None outlives the process that runs the tests, not even where a test ends early. */
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export interface RedisServerOptions {
  /** More arguments, as on the command line. */
  readonly args?: readonly string[];
  /** Of the default user. */
  readonly password?: string;
  /** Speaks TLS on its port. */
  readonly tls?: TlsFiles;
}

export class RedisServer {
  private child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly directory: string,
    private readonly args: readonly string[],
    private readonly password: string | undefined,
  ) {}

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const directory = await mkdtemp(join(tmpdir(), 'econ-graph-redis-'));
    const port = await freePort();
    const { args = [], password, tls } = options;
    const server = new RedisServer(
      port,
      directory,
      [
        ...['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory],
        // The way in for the test itself, whatever the port speaks.
        ...['--unixsocket', join(directory, 'socket')],
        ...(tls ? ['--port', '0', '--tls-port', String(port)] : ['--port', String(port)]),
        ...(tls ? ['--tls-cert-file', tls.certificate, '--tls-key-file', tls.key] : []),
        ...(tls ? ['--tls-ca-cert-file', tls.authority, '--tls-auth-clients', 'no'] : []),
        ...(password === undefined ? [] : ['--requirepass', password]),
        ...args,
      ],
      password,
    );
    await server.run();
    return server;
  }

  /** `redis://…` without a user. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Sends one command over a connection of its own. */
  async call(command: string, ...args: (string | number | Buffer)[]): Promise<unknown> {
    const redis = new Redis({
      path: join(this.directory, 'socket'),
      ...(this.password === undefined ? {} : { password: this.password }),
      retryStrategy: null,
      maxRetriesPerRequest: 0,
      disableClientInfo: true,
    });
    // What is wrong is told by the command.
    redis.on('error', () => undefined);
    try {
      return await redis.callBuffer(command, ...args);
    } finally {
      redis.disconnect();
    }
  }

  /** The names of all keys. */
  async keys(): Promise<string[]> {
    return ((await this.call('keys', '*')) as Buffer[]).map(String).toSorted();
  }

  /** It keeps its connections and answers nothing. */
  freeze(): void {
    this.child!.kill('SIGSTOP');
  }

  thaw(): void {
    this.child!.kill('SIGCONT');
  }

  /** As a crash; what it held is gone. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Empty, on the same port. */
  async restart(): Promise<void> {
    await this.kill();
    await this.run();
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  private async run(): Promise<void> {
    const path = process.env['REDIS_SERVER_PATH'] || 'redis-server';
    const child = spawn(path, this.args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    let failure: Error | undefined;
    child.on('error', (error: NodeJS.ErrnoException) => {
      failure = error.code === 'ENOENT' ? new Error(HOW_TO_INSTALL) : error;
    });
    child.on('exit', () => {
      running.delete(child);
      failure ??= new Error(`redis-server ended: ${output.slice(-500)}`);
    });
    running.add(child);
    this.child = child;
    const isAnswering = async (): Promise<boolean> => {
      if (failure) return true;
      await this.call('ping');
      return true;
    };
    await vi.waitFor(isAnswering, PATIENCE);
    if (failure) throw failure;
  }
}

/** A Cluster of masters without replicas. */
export async function startRedisCluster(nodes: number): Promise<RedisServer[]> {
  const servers: RedisServer[] = [];
  const buses: number[] = [];
  for (let node = 0; node < nodes; node++) {
    const bus = await freePort();
    const args = ['--cluster-enabled', 'yes', '--cluster-port', String(bus)];
    servers.push(await RedisServer.start({ args: [...args, '--cluster-node-timeout', '2000'] }));
    buses.push(bus);
  }
  const share = Math.ceil(16_384 / nodes);
  for (const [node, server] of servers.entries()) {
    const end = Math.min(share * (node + 1), 16_384) - 1;
    await server.call('cluster', 'addslotsrange', share * node, end);
    if (node === 0) continue;
    await server.call('cluster', 'set-config-epoch', node + 1);
    await server.call('cluster', 'meet', '127.0.0.1', servers[0]!.port, buses[0]!);
  }
  await vi.waitFor(async () => {
    for (const server of servers) {
      const info = String(await server.call('cluster', 'info'));
      if (!info.includes('cluster_state:ok') || !info.includes(`cluster_known_nodes:${nodes}`)) {
        throw new Error(`the Cluster is not ready: ${info}`);
      }
    }
  }, PATIENCE);
  return servers;
}

export interface TlsFiles {
  /** What the certificate is signed by. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** An authority of its own, and a certificate of it for 127.0.0.1. */
export function makeTlsFiles(directory: string): TlsFiles {
  const file = (name: string): string => join(directory, name);
  const openssl = (...args: string[]): void => {
    const { status, stderr, error } = spawnSync('openssl', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${args[0]}: ${error?.message ?? stderr}`);
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    ...['req', '-x509', ...key, '-keyout', file('ca.key'), '-out', file('ca.crt')],
    ...['-subj', '/CN=Test authority', '-days', '2'],
  );
  openssl(
    ...['req', '-x509', ...key, '-keyout', file('redis.key'), '-out', file('redis.crt')],
    ...['-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-subj', '/CN=redis', '-days', '2'],
    ...['-addext', 'subjectAltName=IP:127.0.0.1', '-addext', 'basicConstraints=critical,CA:FALSE'],
  );
  return { authority: file('ca.crt'), certificate: file('redis.crt'), key: file('redis.key') };
}

/** Free now; whoever takes it at once has it. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
