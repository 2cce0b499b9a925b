// The gRPC server: which services it has, its limits, when it listens and how it stops.

import {
  logVerbosity,
  Server,
  ServerCredentials,
  setLogVerbosity,
  type ServerOptions,
} from '@grpc/grpc-js';
import { BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Config } from '../config/environment.js';
import { Calls } from './calls.js';
import { FlightCalls } from './flight-calls.js';
import { HealthCalls } from './health-calls.js';
import { FlightService } from './protocol/Flight_pb.js';
import { Health } from './protocol/health_pb.js';
import { serviceDefinition } from './service-definition.js';

/** Finds out that a client has gone without a word. */
const KEEPALIVE_MILLISECONDS = 30_000;

@Injectable()
export class FlightServer implements BeforeApplicationShutdown {
  private readonly server: Server;
  private isListening = false;
  private draining: Promise<boolean> | undefined;

  constructor(
    private readonly config: Config,
    calls: Calls,
    flight: FlightCalls,
    health: HealthCalls,
  ) {
    // It writes plain lines, and of nothing that is not told here as well.
    setLogVerbosity(logVerbosity.NONE);
    this.server = new Server(serverOptions(config));
    this.server.addService(serviceDefinition(FlightService), flight.implementation(calls));
    this.server.addService(serviceDefinition(Health), health.implementation(calls));
  }

  /**
   * @returns the port
   * @throws the system's error where it cannot be listened on
   */
  async listen(): Promise<number> {
    const { host, flightPort } = this.config;
    const address = host.includes(':') ? `[${host}]` : host;
    const port = await new Promise<number>((resolve, reject) => {
      const credentials = ServerCredentials.createInsecure();
      this.server.bindAsync(`${address}:${flightPort}`, credentials, (error, bound) => {
        if (error) reject(new FlightListenError(error.message));
        else resolve(bound);
      });
    });
    this.isListening = true;
    return port;
  }

  /**
   * Takes no new connections and calls, and waits for those that have begun; what is still open after
   * `SHUTDOWN_GRACE_MS` is ended.
   * @returns whether all of it came to its end by itself
   */
  drain(): Promise<boolean> {
    this.draining ??= this.isListening ? this.shutDown() : Promise.resolve(true);
    return this.draining;
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.drain();
  }

  private shutDown(): Promise<boolean> {
    return new Promise((resolve) => {
      const force = setTimeout(() => {
        this.server.forceShutdown();
        resolve(false);
      }, this.config.shutdownGraceMilliseconds);
      this.server.tryShutdown(() => {
        clearTimeout(force);
        resolve(true);
      });
    });
  }
}

/** grpc-js tells in words only why an address cannot be listened on. */
export class FlightListenError extends Error {
  override readonly name = 'FlightListenError';
}

function serverOptions(config: Config): ServerOptions {
  return {
    'grpc.max_receive_message_length': config.flightMessageBytesMax,
    'grpc.max_send_message_length': -1,
    'grpc.keepalive_time_ms': KEEPALIVE_MILLISECONDS,
    // Streams are counted by ourselves, over all connections.
    'grpc.max_concurrent_streams': config.flightStreamsMax * 2,
    'grpc.enable_channelz': 0,
  };
}
