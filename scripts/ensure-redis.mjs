// The tests of the shared cache start a real redis-server. Installs it where that can be done without asking;
// elsewhere says what to do. Ends with 0 either way: the other tests need no Redis.

import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';

const path = process.env.REDIS_SERVER_PATH || 'redis-server';

if (!isThere() && !(canInstall() && install() && isThere())) {
  process.stderr.write(
    `There is no ${path}: the tests of Redis will fail. Install the Debian package "redis-server", or set\n` +
      'REDIS_SERVER_PATH to the redis-server executable of Redis 7 or later.\n',
  );
}

function isThere() {
  return spawnSync(path, ['--version'], { stdio: 'ignore' }).status === 0;
}

function canInstall() {
  const isDebian = spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0;
  return !process.env.REDIS_SERVER_PATH && process.getuid?.() === 0 && isDebian;
}

function install() {
  process.stdout.write('Installing redis-server …\n');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const aptGet = (...args) => spawnSync('apt-get', ['-qq', ...args], { env, stdio: 'ignore' });
  const allowServices = forbidServices();
  try {
    aptGet('update');
    return aptGet('install', '-y', '--no-install-recommends', 'redis-server').status === 0;
  } finally {
    allowServices();
  }
}

/** The package would start a Redis on the standard port. Images of containers forbid that already. */
function forbidServices() {
  const policy = '/usr/sbin/policy-rc.d';
  try {
    writeFileSync(policy, '#!/bin/sh\nexit 101\n', { flag: 'wx', mode: 0o755 });
  } catch {
    return () => undefined;
  }
  return () => rmSync(policy);
}
