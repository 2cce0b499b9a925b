// A container as the node's kernel sees it: whatever the image says of itself.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.mjs';
import { CTR } from './node.mjs';

const TREE = '/sys/fs/cgroup';

/** @returns the process id of the pod's only container */
export async function processOf(pod) {
  const id = pod.status.containerStatuses[0].containerID.replace('containerd://', '');
  const tasks = await run('ctr', [...CTR, 'tasks', 'list']);
  const line = tasks.split('\n').find((each) => each.startsWith(id));
  if (!line) throw new Error(`no task ${id} in ${tasks}`);
  return Number(line.split(/\s+/)[1]);
}

/** @returns fields of /proc/<pid>/status, by name */
export function statusOfProcess(pid) {
  const lines = readFileSync(`/proc/${pid}/status`, 'utf8').trimEnd().split('\n');
  return Object.fromEntries(lines.map((line) => line.split(/:\s+/)));
}

/** @returns the options of each mount, by where it is mounted */
export function mountsOfProcess(pid) {
  const lines = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').trimEnd().split('\n');
  return new Map(
    lines.map((line) => {
      const fields = line.split(' ');
      return [fields[4], fields[5].split(',')];
    }),
  );
}

/** @returns bytes that it had at most, caches of files among them, and how often the kernel killed for want of memory */
export function memoryOfProcess(pid) {
  const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trimEnd().split('\n');
  const own = groups.find((line) => line.split(':')[1].split(',').includes('memory'));
  if (own) {
    const folder = join(TREE, 'memory', own.split(':')[2]);
    return {
      peakBytes: Number(readFileSync(join(folder, 'memory.max_usage_in_bytes'), 'utf8')),
      limitBytes: Number(readFileSync(join(folder, 'memory.limit_in_bytes'), 'utf8')),
      kills: killsIn(join(folder, 'memory.oom_control')),
    };
  }
  const folder = join(TREE, groups[0].split(':')[2]);
  return {
    peakBytes: Number(readFileSync(join(folder, 'memory.peak'), 'utf8')),
    limitBytes: Number(readFileSync(join(folder, 'memory.max'), 'utf8')),
    kills: killsIn(join(folder, 'memory.events')),
  };
}

function killsIn(file) {
  if (!existsSync(file)) return 0;
  return Number(/^oom_kill (\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? 0);
}
