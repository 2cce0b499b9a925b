import { durationText } from './amounts.js';
import { failed, ok, unknown, type Check } from './check.js';
import type { AnsweringService, Facts } from './facts.js';

/** The section of docs/runbook.md for each check of /health. */
export const SECTIONS: Readonly<Record<string, string>> = {
  lifecycle: 'restarts-and-upgrades',
  database_connectivity: 'storagepoisoned',
  disk_space: 'disknearlyfull',
  write_ahead_log: 'storagepoisoned',
  delta: 'lognotdraining',
  flushing: 'lognotdraining',
  stored_files: 'filesquarantined',
  cache: 'redisdown',
  event_loop: 'latencyburnfast',
};
const ANY_CHECK = 'checks-of-health';

export function serviceChecks(facts: Facts): Check[] {
  const { service } = facts;
  if (service.state !== 'answers') {
    const notAsked = 'no service was asked';
    return [
      running(facts),
      unknown('health', notAsked),
      ...(facts.settings.inUse.hasRedis ? [unknown('Redis', notAsked)] : []),
    ];
  }
  return [running(facts), ...release(facts, service), ...health(facts, service), ...redis(facts)];
}

/** Who answers, against who holds the directory. */
function running({ service, directory: { lock }, settings: { inUse } }: Facts): Check {
  const at = `${inUse.host}:${inUse.port}`;
  const holder = lock.state === 'held' ? (lock.holder ?? 'a process') : undefined;
  const section = 'servicedown';
  switch (service.state) {
    case 'not asked':
      return unknown('service', 'PORT is 0: nobody knows where it listens');
    case 'not running':
      return holder === undefined
        ? failed('service', 'warning', `nothing listens on ${at}`, {
            advice: 'Start it; why a start fails is the last line of its standard error',
            section,
          })
        : failed('service', 'warning', `nothing listens on ${at}, but ${holder} has the data`, {
            advice: 'Set HOST and PORT as the service has them, or wait for its start',
            section,
          });
    case 'silent':
      return failed('service', 'problem', `${service.address}: ${service.reason}`, {
        advice: 'See what holds it up, in its log; restart it if that goes on',
        section,
      });
    case 'foreign':
      return failed('service', 'problem', `${service.address}: ${service.reason}`, {
        advice: 'Stop what listens there, or set PORT to another one',
        section,
      });
    case 'answers': {
      const uptime = service.health.uptimeSeconds;
      const since = uptime === undefined ? '' : `, started ${durationText(uptime)} ago`;
      return lock.state === 'free'
        ? failed('service', 'warning', `answers at ${service.address} with other data`, {
            advice: 'Set DATA_DIR as the service has it: nobody uses the one above',
            section: 'settings',
          })
        : ok('service', `answers at ${service.address}${since}`);
    }
  }
}

function release({ machine }: Facts, { metrics }: AnsweringService): Check[] {
  if (metrics === undefined) {
    const how = { advice: 'Ask /metrics by hand, and see the log', section: 'servicedown' };
    return [failed('metrics', 'warning', '/metrics does not answer', how)];
  }
  if (metrics.version === undefined || metrics.version === machine.version) return [];
  const message = `${metrics.version} runs, ${machine.version} is installed`;
  const how = { advice: 'Restart the service', section: 'restarts-and-upgrades' };
  return [failed('release', 'warning', message, how)];
}

function health({ settings: { inUse } }: Facts, { health: report }: AnsweringService): Check[] {
  const wrong = report.checks
    .filter(({ status }) => status !== 'Healthy')
    // It has a check of its own here.
    .filter(({ name }) => name !== 'cache' || !inUse.hasRedis)
    .map(({ name, status, message }) =>
      failed(`health: ${name}`, status === 'Degraded' ? 'warning' : 'problem', message, {
        advice: `See to the check ${name} of /health`,
        section: SECTIONS[name] ?? ANY_CHECK,
      }),
    );
  if (report.status === 'healthy' || wrong.length > 0 || report.status === 'degraded') {
    return wrong.length > 0 ? wrong : [ok('health', report.status)];
  }
  const how = { advice: 'Look at /health', section: ANY_CHECK };
  return [failed('health', 'problem', report.status, how)];
}

/** As the service sees it: what it may not reach, this command may. */
function redis({ service, settings: { inUse } }: Facts): Check[] {
  if (!inUse.hasRedis || service.state !== 'answers') return [];
  const check = service.health.checks.find(({ name }) => name === 'cache');
  if (!check) return [unknown('Redis', 'the service does not tell')];
  if (check.status !== 'Healthy') {
    const advice = 'See that Redis runs, and what it says in its log';
    return [failed('Redis', 'warning', check.message, { advice, section: 'redisdown' })];
  }
  if (check.message.startsWith('Redis ')) return [ok('Redis', check.message)];
  const advice = 'Restart the service with REDIS_URL';
  const message = 'REDIS_URL is set here, and the service runs without it';
  return [failed('Redis', 'warning', message, { advice, section: 'settings' })];
}
