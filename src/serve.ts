// Starts the service and keeps it running until it is told to stop: `main.ts` and the command `serve` are this and
// nothing else.

import { createApp, listen } from './app.js';
import { ConfigError, loadConfig, type Config } from './config/environment.js';
import { JsonLogger } from './logging/json-logger.js';
import { logProcessEvents } from './logging/process-events.js';
import { HttpDrain } from './shutdown/http-drain.js';
import { stopWithNpmShell } from './shutdown/npm-shell.js';
import { shutDown } from './shutdown/shutdown.js';
import { StopSignals } from './shutdown/stop-signals.js';
import { startFailure } from './start-failure.js';

/** Ends the process with code 1, and the reason on standard error, where the service cannot start. */
export async function serve(environment: NodeJS.ProcessEnv): Promise<void> {
  const config = readConfig(environment);
  const logger = new JsonLogger(config);
  logProcessEvents(logger, config.logStackTraces === 1);
  const signals = new StopSignals(logger);
  stopWithNpmShell(environment);
  try {
    const app = await createApp(config, { logger });
    const http = new HttpDrain(app.getHttpServer());
    signals.shutDown = () => shutDown(app, http, config);
    const { url, flightPort } = await listen(app, config);
    logger.log({ message: 'Listening', url, flightPort });
  } catch (error) {
    process.stderr.write(`${startFailure(error, config)}\n`);
    process.exit(1);
  }
}

function readConfig(environment: NodeJS.ProcessEnv): Config {
  try {
    return loadConfig(environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const fault of error.faults) process.stderr.write(`${fault}\n`);
    process.exit(1);
  }
}
