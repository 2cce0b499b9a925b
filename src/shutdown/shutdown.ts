// How a running service stops: it says so, goes on answering, lets its clients go, and then moves what it holds in
// memory into files. Nothing depends on the end of it: what was acknowledged is in the log already.

import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from '../config/environment.js';
import { FlightServer } from '../flight/flight-server.js';
import { Lifecycle } from '../health/lifecycle.js';
import type { HttpDrain } from './http-drain.js';

/**
 * Resolves when everything is closed and stored.
 * @param http of the server of `app`, from its start on
 */
export async function shutDown(
  app: NestFastifyApplication,
  http: HttpDrain,
  config: Config,
): Promise<void> {
  app.get(Lifecycle).noteStopping();
  http.begin();
  await wait(config.shutdownDelayMilliseconds);
  const [requests, isFlightDrained] = await Promise.all([
    http.drain(config.shutdownGraceMilliseconds),
    app.get(FlightServer).drain(),
  ]);
  if (requests > 0 || !isFlightDrained) {
    const message = 'Cut off what was still open after SHUTDOWN_GRACE_MS';
    new Logger('Shutdown').warn({ message, requests, flightStreams: !isFlightDrained });
  }
  await app.close();
}
