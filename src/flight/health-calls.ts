// The gRPC health protocol (grpc.health.v1), over the same checks as GET /health.

import { setTimeout as wait } from 'node:timers/promises';
import { create, toBinary } from '@bufbuild/protobuf';
import { Injectable } from '@nestjs/common';
import { notFound, shown } from '../core/app-error.js';
import { HealthService } from '../health/health.service.js';
import { Lifecycle } from '../health/lifecycle.js';
import type { Calls } from './calls.js';
import { parseMessage } from './calls.js';
import { FlightService } from './protocol/Flight_pb.js';
import {
  Health,
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthCheckResponseSchema,
  HealthListResponseSchema,
} from './protocol/health_pb.js';

/** How soon a watcher hears of a change. */
const WATCH_MILLISECONDS = 5_000;

/** The empty name stands for the whole server. */
const SERVICES = ['', FlightService.typeName, Health.typeName];

@Injectable()
export class HealthCalls {
  /** Once a stop begins, watchers are told once more, and their streams end. */
  private readonly stopping: AbortSignal;

  constructor(
    private readonly health: HealthService,
    lifecycle: Lifecycle,
  ) {
    this.stopping = lifecycle.stopping;
  }

  implementation(calls: Calls) {
    return {
      Check: calls.probe('Check', (request) => this.check(request)),
      List: calls.probe('List', () => this.list()),
      Watch: calls.watch('Watch', (request, { signal }) => this.watch(request, signal)),
    };
  }

  private async check(request: Uint8Array): Promise<Uint8Array> {
    const { service } = parseMessage(HealthCheckRequestSchema, request);
    if (!SERVICES.includes(service)) throw notFound('service', shown(service));
    return response(await this.status());
  }

  private async list(): Promise<Uint8Array> {
    const status = await this.status();
    const statuses = Object.fromEntries(SERVICES.map((name) => [name, { status }]));
    return toBinary(HealthListResponseSchema, create(HealthListResponseSchema, { statuses }));
  }

  /** The status now, and whenever it changes, for as long as the client listens. */
  private async *watch(request: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { service } = parseMessage(HealthCheckRequestSchema, request);
    const isKnown = SERVICES.includes(service);
    let told: ServingStatus | undefined;
    for (;;) {
      const status = isKnown ? await this.status() : ServingStatus.SERVICE_UNKNOWN;
      if (status !== told) yield response((told = status));
      if (this.stopping.aborted) return;
      await this.rest(signal);
    }
  }

  /** @throws where the client has gone */
  private async rest(gone: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([gone, this.stopping]);
    await wait(WATCH_MILLISECONDS, undefined, { signal }).catch(() => gone.throwIfAborted());
  }

  /** Degraded is still serving, as it is for GET /health. */
  private async status(): Promise<ServingStatus> {
    if (this.stopping.aborted) return ServingStatus.NOT_SERVING;
    const { status } = await this.health.report();
    return status === 'unhealthy' ? ServingStatus.NOT_SERVING : ServingStatus.SERVING;
  }
}

function response(status: ServingStatus): Uint8Array {
  return toBinary(HealthCheckResponseSchema, create(HealthCheckResponseSchema, { status }));
}
