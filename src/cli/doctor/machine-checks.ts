import { bytesText } from '../../core/bytes-text.js';
import { failed, ok, unknown, type Check } from './check.js';
import type { Facts } from './facts.js';

/** `engines` of package.json. */
export const NODE_MIN = [20, 19] as const;

/** Without what its caches and changes may take: 164 MB idle, and up to 107 MB that reading leaves behind (docs/runbook.md). */
export const BASE_BYTES = 280_000_000;
/** Of the catalogue: 100,000 series without points took 59 MB more than none (docs/performance.md). */
export const BYTES_PER_SERIES = 600;
/** What is left is for the kernel's cache of files. */
const MEMORY_SHARE_MAX = 0.8;
const RESIDENT_SHARE_MAX = 0.9;

/** Each connection and each file that is being read is one; a thousand is what some systems begin with. */
export const OPEN_FILES_MIN = 4_096;
const OPEN_FILES_SHARE_MAX = 0.9;

export function machineChecks(facts: Facts): Check[] {
  return [node(facts), settings(facts), memory(facts), openFiles(facts)];
}

function node({ machine: { nodeVersion } }: Facts): Check {
  const [major = 0, minor = 0] = nodeVersion.replace(/^v/, '').split('.').map(Number);
  const advice = `Run an LTS release of Node.js, ${NODE_MIN.join('.')} or later`;
  const how = { advice, section: 'restarts-and-upgrades' };
  if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
    return failed('Node.js', 'problem', `${nodeVersion} is too old`, how);
  }
  // Odd ones are never kept up for long.
  if (major % 2 === 1) return failed('Node.js', 'warning', `${nodeVersion} is no LTS release`, how);
  return ok('Node.js', nodeVersion);
}

function settings({ settings: { faults } }: Facts): Check {
  if (faults.length === 0) return ok('settings', 'all are valid');
  const message = `${faults.length} bad; a start with them is refused`;
  return failed('settings', 'problem', message, {
    advice: 'Correct what "Settings" above names',
    section: 'settings',
  });
}

/** What the service may come to take, from its settings and the number of its series. */
function memory({ machine, settings: { inUse }, directory, service }: Facts): Check {
  const limit = machine.memoryBytes;
  const catalogue = directory.kinds.series.files * BYTES_PER_SERIES;
  const { cacheBytesMax, responseCacheBytesMax, deltaBytesMax, flightPutBytesMax } = inUse;
  const needed = BASE_BYTES + catalogue + cacheBytesMax + responseCacheBytesMax + deltaBytesMax;
  const how = {
    advice: 'Give it more memory, or lower CACHE_BYTES_MAX',
    section: 'capacity-planning',
  };
  const told = `the settings allow ${bytesText(needed)} of ${bytesText(limit)}`;
  if (needed > limit) return failed('memory', 'problem', told, how);
  const resident = service.state === 'answers' ? service.metrics?.residentBytes : undefined;
  if (resident !== undefined && resident > limit * RESIDENT_SHARE_MAX) {
    const message = `the service takes ${bytesText(resident)} of ${bytesText(limit)}`;
    return failed('memory', 'warning', message, how);
  }
  if (needed > limit * MEMORY_SHARE_MAX) return failed('memory', 'warning', told, how);
  if (needed + flightPutBytesMax > limit) {
    const message = `${told}, and uploads ${bytesText(flightPutBytesMax)} more`;
    return failed('memory', 'warning', message, {
      ...how,
      advice: 'Give it more memory, or lower FLIGHT_PUT_BYTES_MAX',
    });
  }
  return ok('memory', told);
}

function openFiles({ machine, service }: Facts): Check {
  const metrics = service.state === 'answers' ? service.metrics : undefined;
  const max = metrics?.openFilesMax ?? machine.openFilesMax;
  if (max === undefined) return unknown('open files', 'this system does not tell its limit');
  const open = metrics?.openFiles;
  const allowed = max === Infinity ? 'no limit' : `${max.toLocaleString('en-US')} allowed`;
  const message = open === undefined ? allowed : `${open} open, ${allowed}`;
  const how = { advice: 'Raise the limit of open files (ulimit -n)', section: 'capacity-planning' };
  if (open !== undefined && open > max * OPEN_FILES_SHARE_MAX) {
    return failed('open files', 'problem', message, how);
  }
  return max < OPEN_FILES_MIN
    ? failed('open files', 'warning', message, how)
    : ok('open files', message);
}
