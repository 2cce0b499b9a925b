import {
  ConfigError,
  describeVariables,
  loadConfig,
  type Config,
} from '../../config/environment.js';
import type { SettingsFacts } from './facts.js';
import type { Secrets } from './secrets.js';

const SECRET = 'set, not shown';

/** The settings as a start with this environment would have them. */
export function settingsFacts(
  environment: NodeJS.ProcessEnv,
  secrets: Secrets,
): { config: Config; facts: SettingsFacts } {
  const { config, faults } = loadWhatIsGood(environment);
  const changed = describeVariables().flatMap((variable) => {
    const name = [variable.name, ...variable.aliases].find((one) => environment[one]);
    const value = environment[name ?? ''];
    if (name === undefined || value === undefined || value === variable.default) return [];
    return { name, value: variable.secret ? SECRET : secrets.hide(value) };
  });
  const facts = {
    changed,
    // The value alone: what is allowed may look like an address with a password.
    faults: faults.map((fault) =>
      secrets.hideValues(
        fault.replace(/received (".*"), allowed is/, (_, value: string) => {
          return `received ${secrets.hide(value)}, allowed is`;
        }),
      ),
    ),
    inUse: {
      host: secrets.hide(config.host),
      port: config.port,
      dataDir: secrets.hide(config.dataDir),
      cacheBytesMax: config.cacheBytesMax,
      responseCacheBytesMax: config.responseCacheBytesMax,
      deltaBytesMax: config.deltaBytesMax,
      flightPutBytesMax: config.flightPutBytesMax,
      logSegmentBytes: config.logSegmentBytes,
      healthDiskFreePercentMin: config.healthDiskFreePercentMin,
      hasRedis: config.redisUrl !== '' && config.cacheTtlSeconds > 0,
    },
  };
  return { config, facts };
}

/** A bad setting must not keep the rest from being looked at. */
function loadWhatIsGood(environment: NodeJS.ProcessEnv): { config: Config; faults: string[] } {
  const faults: string[] = [];
  let good = environment;
  for (;;) {
    try {
      return { config: loadConfig(good), faults };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(...error.faults);
      // Each line begins with the name that was set. Without it an alias may count, and may be bad as well.
      const bad = new Set(error.faults.map((fault) => fault.slice(0, fault.indexOf(':'))));
      good = Object.fromEntries(Object.entries(good).filter(([name]) => !bad.has(name)));
    }
  }
}
