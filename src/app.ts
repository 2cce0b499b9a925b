// Builds the whole application, for `main.ts` and for every test.

import 'reflect-metadata';
import type { INestApplicationContext, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import type { Config } from './config/environment.js';
import { JsonLogger } from './config/json-logger.js';
import { FlightServer } from './flight/flight-server.js';
import { AnswersHook } from './graphql/answers/answers.hook.js';
import { servePlayground } from './graphql/playground.js';

export interface AppOptions {
  readonly logger?: LoggerService;
}

/** The application, ready to `listen`. */
export async function createApp(
  config: Config,
  { logger = new JsonLogger(config) }: AppOptions = {},
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({ bodyLimit: config.httpBodyBytesMax });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(config), adapter, {
    logger,
    abortOnError: false,
  });
  if (config.corsOrigins !== '') {
    app.enableCors({ origin: config.corsOrigins === '*' ? '*' : config.corsOrigins.split(',') });
  }
  if (config.graphqlExecutor === 'compiled') app.get(AnswersHook).install(adapter);
  await servePlayground(app);
  app.enableShutdownHooks([], { useProcessExit: true });
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
  await app.listen(config.port, config.host);
  const flightPort = await app.get(FlightServer).listen();
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
