import { Injectable } from '@nestjs/common';
import { StorageHealth } from '../storage/storage.health.js';
import { Lifecycle } from './lifecycle.js';

/** Whether new work should be sent here. */
export interface Readiness {
  readonly status: 'ready' | 'not ready';
  /** Why not. */
  readonly reason?: string;
}

/** The short answers for those who ask every few seconds: only what keeps the service from serving counts. */
@Injectable()
export class ReadinessService {
  constructor(
    private readonly life: Lifecycle,
    private readonly storage: StorageHealth,
  ) {}

  async readiness(): Promise<Readiness> {
    const started = this.startup();
    if (started.status !== 'ready') return started;
    if (this.life.state === 'stopping') {
      return { status: 'not ready', reason: 'The service is stopping' };
    }
    const { database_connectivity: database } = await this.storage.databaseConnectivity();
    return database.status === 'down'
      ? { status: 'not ready', reason: database.message }
      : { status: 'ready' };
  }

  /** Whether the start is over, whatever came then. */
  startup(): Readiness {
    return this.life.state === 'starting'
      ? { status: 'not ready', reason: 'The service is starting' }
      : { status: 'ready' };
  }
}
