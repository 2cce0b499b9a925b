// The connection to Redis, as ioredis makes it: nothing of a command outlives its connection. By default
// ioredis keeps commands while a server is away and sends them when it is back, which is right for a
// database and wrong for a cache.

import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisAddress } from '../config/redis-address.js';

export type RedisClient = Redis | Cluster;

/** How often a lost connection is tried again: often enough to be noticed soon, and no burden to anyone. */
const RECONNECT_MILLISECONDS = 500;

/** Not connected yet. */
export function redisClient(address: RedisAddress, isCluster: boolean): RedisClient {
  const options = connectionOptions(address);
  if (isCluster || address.nodes.length > 1) {
    return new Cluster([...address.nodes], {
      redisOptions: options,
      lazyConnect: true,
      enableOfflineQueue: false,
      enableReadyCheck: false,
      clusterRetryStrategy: () => RECONNECT_MILLISECONDS,
      // A few are enough while slots move; none of the waiting that ioredis does between them.
      maxRedirections: 4,
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      retryDelayOnTryAgain: 0,
      // Who became a master is asked again now and then: no command waits for it.
      slotsRefreshInterval: 5000,
      // Names stay names: a certificate is for the name of a node, not for its address.
      dnsLookup: (name, done) => done(null, name),
    });
  }
  return new Redis({
    ...options,
    ...address.nodes[0],
    db: address.database,
    enableOfflineQueue: false,
    retryStrategy: () => RECONNECT_MILLISECONDS,
  });
}

function connectionOptions({ isTls, username, password }: RedisAddress): RedisOptions {
  return {
    lazyConnect: true,
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    // Certificates are verified against what Node.js trusts, and what NODE_EXTRA_CA_CERTS adds to it.
    ...(isTls ? { tls: {} } : {}),
    connectionName: 'econ-graph',
    connectTimeout: 2000,
    // A frozen server never takes the goodbye; a stop of the service does not wait for it.
    disconnectTimeout: 100,
    keepAlive: 30_000,
    // It asks INFO, which a user of a cache need not be allowed to; a probe of our own follows.
    enableReadyCheck: false,
    disableClientInfo: true,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  };
}
