// The cluster's own namespaces of processes, mounts and network. What Kubernetes does to a machine (bridges, packet filter, mounts,
// sysctls) it does to these, and all of it ends with the first process in them.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { NODE_ADDRESS } from './addresses.mjs';
import { run } from './command.mjs';

const CONTROL_GROUPS = '/sys/fs/cgroup';
/** Those of v1 that kubelet and runc use, and the tree of v2 beside them; with v2 alone there is one tree. */
const CONTROLLERS = [
  'cpu',
  'cpuacct',
  'cpuset',
  'memory',
  'pids',
  'blkio',
  'devices',
  'freezer',
  'systemd',
  'unified',
];
/** Global to the machine; kubelet sets them unless they are so already. */
const KUBELET_SYSCTLS = {
  'vm/overcommit_memory': 1,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
};

/**
 * Runs a script of Node.js in namespaces of its own.
 * @param onStart is told the process whose child is the first one in there
 * @returns the script's exit code, 1 where it was killed
 */
export async function runInSandbox(state, script, args, onStart) {
  const namespaces = ['--mount', '--pid', '--net', '--uts', '--ipc'];
  // The shell is process 1: it reaps what containers leave behind, which Node.js would not.
  const shell = ['sh', '-c', '"$@"; exit $?', 'sh', process.execPath, script, ...args];
  const child = spawn(
    'unshare',
    [...namespaces, '--fork', '--kill-child', '--mount-proc', ...shell],
    { stdio: 'inherit' },
  );
  onStart(child.pid);
  // Its end ends all processes in there.
  const end = () => child.kill('SIGKILL');
  process.once('SIGINT', end).once('SIGTERM', end).once('exit', end);
  const [code] = await once(child, 'exit');
  await removeControlGroups(state);
  return code ?? 1;
}

/** Called inside: makes mounts and network. */
export async function prepareSandbox(state) {
  await run('mount', ['--make-rshared', '/']);
  await run('mount', ['-t', 'tmpfs', 'none', '/run']);
  const folders = { '/var/log': 'var-log', '/var/lib/kubelet': 'var-lib-kubelet' };
  for (const [target, name] of Object.entries(folders)) {
    mkdirSync(join(state, name));
    mkdirSync(target, { recursive: true });
    await run('mount', ['--bind', join(state, name), target]);
  }
  await hideSysctls(state);
  makeControlGroups(state);
  await run('ip', ['link', 'set', 'lo', 'up']);
  // A bridge without ports: an address that pods and the node itself reach, and a default route that leads nowhere.
  await run('ip', ['link', 'add', 'node0', 'type', 'bridge']);
  await run('ip', ['address', 'add', `${NODE_ADDRESS}/24`, 'dev', 'node0']);
  await run('ip', ['link', 'set', 'node0', 'up']);
  await run('ip', ['route', 'add', 'default', 'dev', 'node0']);
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
  // Answers of a pod to a pod of the same bridge have to pass the packet filter, which undoes the service's address.
  writeFileSync('/proc/sys/net/bridge/bridge-nf-call-iptables', '1');
}

async function hideSysctls(state) {
  const folder = join(state, 'sysctls');
  mkdirSync(folder);
  for (const [name, value] of Object.entries(KUBELET_SYSCTLS)) {
    const file = join(folder, name.replace('/', '.'));
    writeFileSync(file, `${value}\n`);
    await run('mount', ['--bind', file, join('/proc/sys', name)]);
  }
}

/** Several clusters on one machine have a group each. */
export function controlGroupName(state) {
  return basename(state);
}

function controlGroups(state) {
  const trees = existsSync(join(CONTROL_GROUPS, 'cgroup.controllers'))
    ? [CONTROL_GROUPS]
    : CONTROLLERS.map((name) => join(CONTROL_GROUPS, name)).filter((path) => existsSync(path));
  return trees.map((tree) => join(tree, controlGroupName(state)));
}

function makeControlGroups(state) {
  for (const path of controlGroups(state)) {
    mkdirSync(path, { recursive: true });
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const [own, parents] = [join(path, file), join(path, '..', file)];
      if (existsSync(own) && existsSync(parents)) writeFileSync(own, readFileSync(parents));
    }
  }
}

async function removeControlGroups(state) {
  for (const path of controlGroups(state)) {
    // Processes that were just killed are in there a moment longer.
    for (let attempt = 0; existsSync(path) && attempt < 50; attempt++) {
      try {
        removeFolders(path);
      } catch (error) {
        if (error.code !== 'EBUSY') throw error;
        await wait(100);
      }
    }
    if (existsSync(path)) throw new Error(`${path} cannot be removed`);
  }
}

function removeFolders(path) {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeFolders(join(path, entry.name));
  }
  rmdirSync(path);
}
