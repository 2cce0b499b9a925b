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

export class HttpDrain {
  private readonly sockets = new Set<Socket>();

  /** @param server that does not listen yet, or has no connections */
  constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  /** From now on each answer is the last one of its connection. New connections are still taken. */
  begin(): void {
    this.server.prependListener('request', (_: IncomingMessage, response: ServerResponse) => {
      response.shouldKeepAlive = false;
    });
  }

  /**
   * Takes no more connections, and resolves when all of them are closed.
   * @param graceMilliseconds after which those that are still answered are cut off
   */
  async drain(graceMilliseconds: number): Promise<void> {
    const started = performance.now();
    // Right behind a look at the sockets: who connected meanwhile has been taken, and is not reset.
    await nextTurn();
    // Only the listener: `Server.close` would close idle connections at once.
    NetServer.prototype.close.call(this.server);
    const lingerEnd = started + Math.min(LINGER_MILLISECONDS, graceMilliseconds);
    while (this.sockets.size > 0) {
      const now = performance.now();
      if (now - started >= graceMilliseconds) this.server.closeAllConnections();
      else if (now >= lingerEnd) this.closeIdle();
      await wait(LOOK_MILLISECONDS);
    }
  }

  private closeIdle(): void {
    this.server.closeIdleConnections();
    // Node.js counts as idle only who has asked something before; browsers connect in advance.
    for (const socket of this.sockets) if (socket.bytesRead === 0) socket.destroy();
  }
}
