// How many streams may be open at once, in all and from one address.

import { AppError } from '../core/app-error.js';

export class StreamLimits {
  private open = 0;
  private readonly openByClient = new Map<string, number>();

  constructor(
    private readonly streamsMax: number,
    private readonly perClientMax: number,
  ) {}

  get count(): number {
    return this.open;
  }

  /**
   * @param peer address and port of the client
   * @returns gives the place free again
   * @throws AppError TOO_MANY_STREAMS
   */
  enter(peer: string): () => void {
    const client = peer.replace(/:\d+$/, '');
    const own = this.openByClient.get(client) ?? 0;
    if (this.open >= this.streamsMax) throw tooMany('in all', this.streamsMax);
    if (own >= this.perClientMax) throw tooMany('from one address', this.perClientMax);
    this.open++;
    this.openByClient.set(client, own + 1);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.open--;
      const left = this.openByClient.get(client)! - 1;
      if (left > 0) this.openByClient.set(client, left);
      else this.openByClient.delete(client);
    };
  }
}

function tooMany(where: string, limit: number): AppError {
  return new AppError(
    'TOO_MANY_STREAMS',
    `Too many streams are open ${where}, at most ${limit} are allowed: try again when one has ended`,
    { limit },
  );
}
