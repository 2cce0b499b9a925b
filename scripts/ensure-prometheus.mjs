// The tests of dashboards and alerts ask a real Prometheus. Installs it where that can be done without asking;
// elsewhere says what to do. Ends with 0 either way: the other tests need no Prometheus.

import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';

const [server, tool] = [
  process.env.PROMETHEUS_PATH || 'prometheus',
  process.env.PROMTOOL_PATH || 'promtool',
];

if (!areThere() && !(canInstall() && install() && areThere())) {
  process.stderr.write(
    `There is no ${server}, or no ${tool}: the tests of dashboards and alerts are skipped, and fail where CI is set.\n` +
      'Install the Debian package "prometheus", or set PROMETHEUS_PATH and PROMTOOL_PATH to the executables of\n' +
      'Prometheus 2.42 or later.\n',
  );
}

function areThere() {
  return [server, tool].every(
    (path) => spawnSync(path, ['--version'], { stdio: 'ignore' }).status === 0,
  );
}

function canInstall() {
  const isDebian = spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0;
  const isChosen = process.env.PROMETHEUS_PATH || process.env.PROMTOOL_PATH;
  return !isChosen && process.getuid?.() === 0 && isDebian;
}

function install() {
  process.stdout.write('Installing prometheus …\n');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const aptGet = (...args) => spawnSync('apt-get', ['-qq', ...args], { env, stdio: 'ignore' });
  const allowServices = forbidServices();
  try {
    aptGet('update');
    return aptGet('install', '-y', '--no-install-recommends', 'prometheus').status === 0;
  } finally {
    allowServices();
  }
}

/** The package would start a Prometheus on the standard port. Images of containers forbid that already. */
function forbidServices() {
  const policy = '/usr/sbin/policy-rc.d';
  try {
    writeFileSync(policy, '#!/bin/sh\nexit 101\n', { flag: 'wx', mode: 0o755 });
  } catch {
    return () => undefined;
  }
  return () => rmSync(policy);
}
