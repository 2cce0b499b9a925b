// The tests of the shared cache start a real redis-server. Installs it where that can be done without asking;
// elsewhere says what to do. Ends with 0 either way: the other tests need no Redis.

import { ensurePackage } from './debian-package.mjs';

const { REDIS_SERVER_PATH } = process.env;
const path = REDIS_SERVER_PATH || 'redis-server';

if (!ensurePackage('redis-server', [path], REDIS_SERVER_PATH)) {
  process.stderr.write(
    `There is no ${path}: the tests of Redis will fail. Install the Debian package "redis-server", or set\n` +
      'REDIS_SERVER_PATH to the redis-server executable of Redis 7 or later.\n',
  );
}
