// Where the service is in its life: whether new work should still be sent to it. Readiness is told from it, over HTTP
// and over gRPC.

import { Injectable, type OnModuleDestroy } from '@nestjs/common';

export type LifecycleState = 'starting' | 'serving' | 'stopping';

@Injectable()
export class Lifecycle implements OnModuleDestroy {
  private current: LifecycleState = 'starting';
  private readonly ending = new AbortController();

  get state(): LifecycleState {
    return this.current;
  }

  /** Aborted when the stop begins. */
  get stopping(): AbortSignal {
    return this.ending.signal;
  }

  /** To be called once everything listens. */
  noteServing(): void {
    if (this.current === 'starting') this.current = 'serving';
  }

  /** From now on nobody should send anything new; what comes all the same is answered. */
  noteStopping(): void {
    this.current = 'stopping';
    this.ending.abort();
  }

  /** Where the application is closed without having been told before. */
  onModuleDestroy(): void {
    this.noteStopping();
  }
}
