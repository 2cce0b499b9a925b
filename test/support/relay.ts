// A wire between a client and a server, which tests can cut, or make longer.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

export interface Relay {
  readonly port: number;
  /** Destroys every connection, without a word to either side. */
  cut(): void;
  /** Keeps every connection open and carries nothing over it any more; those that come later work. */
  mute(): void;
  close(): Promise<void>;
}

export async function startRelay(port: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      // Whoever is cut off has nobody to complain to.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    mute: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    close: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Timers of one length end in the order in which they began. */
const LONG_WIRE = `
  const { connect, createServer } = require('node:net');
  const { parentPort, workerData } = require('node:worker_threads');
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: workerData.port, host: '127.0.0.1', noDelay: true });
    near.on('error', () => undefined).on('close', () => far.destroy()).pipe(far);
    far.on('error', () => undefined).on('close', () => near.destroy());
    far.on('data', (chunk) => setTimeout(() => near.write(chunk), workerData.milliseconds));
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

/**
 * A wire on which every answer is so much longer on its way. It has a thread of its own, because what is on a real
 * wire arrives however busy its reader is.
 */
export async function startLongWire(
  port: number,
  milliseconds: number,
): Promise<Pick<Relay, 'port' | 'close'>> {
  const worker = new Worker(LONG_WIRE, { eval: true, workerData: { port, milliseconds } });
  const [near] = (await once(worker, 'message')) as [number];
  return { port: near, close: async () => void (await worker.terminate()) };
}
