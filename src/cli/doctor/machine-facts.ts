import { readFileSync } from 'node:fs';
import { arch, availableParallelism, platform, release, totalmem } from 'node:os';
import { VERSION } from '../../core/version.js';
import type { MachineFacts } from './facts.js';

export function machineFacts(): MachineFacts {
  const total = totalmem();
  // Undefined, 0 or more than there is where nothing limits the process.
  const limit = process.constrainedMemory() ?? 0;
  return {
    version: VERSION,
    nodeVersion: process.version,
    system: `${platform()} ${release()} ${arch()}`,
    cpus: availableParallelism(),
    memoryBytes: limit > 0 ? Math.min(limit, total) : total,
    openFilesMax: openFilesMax(),
  };
}

/** Node.js raises its own limit to the hard one, so that of this process is that of the service. */
function openFilesMax(): number | undefined {
  let limits: string;
  try {
    limits = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    // Linux only.
    return undefined;
  }
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  return soft === undefined ? undefined : soft === 'unlimited' ? Infinity : Number(soft);
}
