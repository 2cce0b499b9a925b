// Lets the clients of an HTTP server go without cutting anybody off. Node.js closes idle connections the moment a
// server closes, and a client whose next request is on its way then sees it fail. Here clients are told first: every
// answer says that its connection ends with it, and only what stays silent for a while is closed.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';

/** So long a connection that was idle may still bring one more request. */
const LINGER_MILLISECONDS = 1_000;
/** How often it is looked whether anybody is left. */
const LOOK_MILLISECONDS = 20;

/** What is known of a connection. */
interface Connection {
  /** Answers that have begun and not ended. */
  answering: number;
  /** When the last one ended, or when it was opened. */
  idleSince: number;
}

export class HttpDrain {
  private readonly connections = new Map<Socket, Connection>();
  private readonly answering = new Set<ServerResponse>();
  private isDraining = false;

  /** @param server that does not listen yet */
  constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      this.connections.set(socket, { answering: 0, idleSince: performance.now() });
      socket.once('close', () => this.connections.delete(socket));
    });
    server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      this.noteAnswer(socket, response);
    });
  }

  /** From now on each answer is the last one of its connection. New connections are still taken. */
  begin(): void {
    this.isDraining = true;
    for (const response of this.answering) response.shouldKeepAlive = false;
  }

  /**
   * Takes no more connections, and resolves when all of them are closed.
   * @param graceMilliseconds after which those that are still answered are cut off
   * @returns how many were cut off
   */
  async drain(graceMilliseconds: number): Promise<number> {
    const started = performance.now();
    // Right behind a look at the sockets: who connected meanwhile has been taken, and is not reset.
    await nextTurn();
    // Only the listener: `Server.close` would close idle connections at once.
    NetServer.prototype.close.call(this.server);
    let cut = 0;
    while (this.connections.size > 0) {
      const now = performance.now();
      if (now - started >= graceMilliseconds) cut += this.closeAll();
      else this.closeIdle(started, now);
      await wait(LOOK_MILLISECONDS);
    }
    return cut;
  }

  private noteAnswer(socket: Socket, response: ServerResponse): void {
    if (this.isDraining) response.shouldKeepAlive = false;
    this.answering.add(response);
    const connection = this.connections.get(socket);
    if (connection) connection.answering++;
    response.once('close', () => {
      this.answering.delete(response);
      if (!connection) return;
      connection.answering--;
      connection.idleSince = performance.now();
    });
  }

  /** @returns how many were being answered */
  private closeAll(): number {
    let answered = 0;
    for (const [socket, { answering }] of this.connections) {
      if (answering > 0) answered++;
      socket.destroy();
    }
    return answered;
  }

  /** Who has been silent since the drain, or since the last answer, for long enough. */
  private closeIdle(started: number, now: number): void {
    for (const [socket, { answering, idleSince }] of this.connections) {
      const isSilent = now - Math.max(idleSince, started) >= LINGER_MILLISECONDS;
      if (answering === 0 && isSilent) socket.destroy();
    }
  }
}
