// The tests of dashboards and alerts ask a real Prometheus. Installs it where that can be done without asking;
// elsewhere says what to do. Ends with 0 either way: the other tests need no Prometheus.

import { ensurePackage } from './debian-package.mjs';

const { PROMETHEUS_PATH, PROMTOOL_PATH } = process.env;
const [server, tool] = [PROMETHEUS_PATH || 'prometheus', PROMTOOL_PATH || 'promtool'];

if (!ensurePackage('prometheus', [server, tool], PROMETHEUS_PATH || PROMTOOL_PATH)) {
  process.stderr.write(
    `There is no ${server}, or no ${tool}: the tests of dashboards and alerts are skipped, and fail where CI is set.\n` +
      'Install the Debian package "prometheus", or set PROMETHEUS_PATH and PROMTOOL_PATH to the executables of\n' +
      'Prometheus 2.42 or later.\n',
  );
}
