// Programs that tests run for real, from Debian's packages: installed where that can be done without asking.

import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';

/**
 * Installs a package where one of its programs is missing, and nobody has said where else they are.
 * @param programs names or paths
 * @returns whether all of them are there
 */
export function ensurePackage(name, programs, isChosen) {
  const areThere = () => programs.every((path) => succeeds(path, '--version'));
  return areThere() || (!isChosen && canInstall() && install(name) && areThere());
}

function succeeds(command, ...args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function canInstall() {
  return process.getuid?.() === 0 && succeeds('apt-get', '--version');
}

function install(name) {
  process.stdout.write(`Installing ${name} …\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const aptGet = (...args) => spawnSync('apt-get', ['-qq', ...args], { env, stdio: 'ignore' });
  const allowServices = forbidServices();
  try {
    aptGet('update');
    return aptGet('install', '-y', '--no-install-recommends', name).status === 0;
  } finally {
    allowServices();
  }
}

/** Packages would start a service on its standard port. Images of containers forbid that already. */
function forbidServices() {
  const policy = '/usr/sbin/policy-rc.d';
  try {
    writeFileSync(policy, '#!/bin/sh\nexit 101\n', { flag: 'wx', mode: 0o755 });
  } catch {
    return () => undefined;
  }
  return () => rmSync(policy);
}
