import { createApp } from './app.js';
import { ConfigError, loadConfig, type Config } from './config/environment.js';
import { JsonLogger } from './config/json-logger.js';
import { startFailure } from './start-failure.js';

function readConfig(): Config {
  try {
    return loadConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const fault of error.faults) process.stderr.write(`${fault}\n`);
    process.exit(1);
  }
}

const config = readConfig();
const logger = new JsonLogger(config);
try {
  const app = await createApp(config, { logger });
  await app.listen(config.port, config.host);
  logger.log({ message: 'Listening', url: await app.getUrl() });
} catch (error) {
  process.stderr.write(`${startFailure(error, config)}\n`);
  process.exit(1);
}
