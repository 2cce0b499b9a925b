// Builds the whole application, for `main.ts` and for every test.

import 'reflect-metadata';
import type { INestApplicationContext, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyHttpOptions, RawServerDefault } from 'fastify';
import { AppModule } from './app.module.js';
import type { Config } from './config/environment.js';
import { FlightServer } from './flight/flight-server.js';
import { AnswersHook } from './graphql/answers/answers.hook.js';
import { Lifecycle } from './health/lifecycle.js';
import { servePlayground } from './graphql/playground.js';
import { HttpRequests, httpRequestId } from './logging/http-requests.js';
import { JsonLogger } from './logging/json-logger.js';
import { REQUEST_ID_HEADER } from './logging/request-id.js';

export interface AppOptions {
  readonly logger?: LoggerService;
}

/** The application, ready to `listen`. */
export async function createApp(
  config: Config,
  { logger = new JsonLogger(config) }: AppOptions = {},
): Promise<NestFastifyApplication> {
  const options: FastifyHttpOptions<RawServerDefault> = {
    bodyLimit: config.httpBodyBytesMax,
    genReqId: httpRequestId,
    // An address that cannot be decoded reaches no route and no hook.
    frameworkErrors: (error, request, reply) => {
      app.get(HttpRequests).refuse(error, request, reply);
    },
  };
  const adapter = new FastifyAdapter(options);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(config), adapter, {
    logger,
    abortOnError: false,
  });
  app.get(HttpRequests).install(adapter);
  if (config.corsOrigins !== '') {
    const origin = config.corsOrigins === '*' ? '*' : config.corsOrigins.split(',');
    app.enableCors({ origin, exposedHeaders: [REQUEST_ID_HEADER] });
  }
  if (config.graphqlExecutor === 'compiled') app.get(AnswersHook).install(adapter);
  await servePlayground(app);
  await app.init();
  await adapter.getInstance().ready();
  return app;
}

/** Where the application listens. */
export interface Addresses {
  /** http://host:port */
  readonly url: string;
  readonly flightPort: number;
}

/** Listens for GraphQL and for Arrow Flight, on the ports of the settings. */
export async function listen(app: NestFastifyApplication, config: Config): Promise<Addresses> {
  // Fastify would open a second server for the other address of that name, which a stop would not know of.
  await app.listen(config.port, config.host === 'localhost' ? '127.0.0.1' : config.host);
  const flightPort = await app.get(FlightServer).listen();
  app.get(Lifecycle).noteServing();
  return { url: await app.getUrl(), flightPort };
}

/** The services without a listener, for commands that work on the data directory themselves. */
export function createContext(
  config: Config,
  { logger = new JsonLogger(config) }: AppOptions = {},
): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(AppModule.forRoot(config), {
    logger,
    abortOnError: false,
  });
}
