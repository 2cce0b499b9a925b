// Redis outside of the chart, named by a secret: it is used, and its loss degrades and nothing more.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_ADDRESS } from '../addresses.mjs';
import { outcome } from '../command.mjs';
import { condition } from '../cluster.mjs';
import { Daemon } from '../daemon.mjs';
import { Release } from '../release.mjs';
import { until } from '../until.mjs';

const password = randomUUID();
const NOTICE_MILLISECONDS = 60_000;

export async function redis(cluster, checks) {
  const release = new Release(cluster);
  await release.ensure();
  const folder = join(cluster.state, 'redis');
  mkdirSync(folder);
  const args = [
    ...['--bind', NODE_ADDRESS, '--requirepass', password, '--dir', folder, '--save', ''],
    ...['--appendonly', 'no'],
  ];
  const ask = async (...command) =>
    (
      await outcome('redis-cli', ['-h', NODE_ADDRESS, ...command], {
        env: { REDISCLI_AUTH: password },
      })
    ).stdout;
  const ready = async () => (await ask('PING')) === 'PONG';
  const server = () =>
    new Daemon('redis', 'redis-server', args, { logs: cluster.logs, ready }).start();
  let running = await server();
  const series = await release.createSeries(`REDIS-${Date.now()}`);
  await release.write(series, 1_000);
  const contents = await release.contents(series);
  const cacheStatus = async () => (await release.health()).checks.cache.status;

  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'redis-address', namespace: release.namespace },
    stringData: { 'redis-url': `redis://:${password}@${NODE_ADDRESS}:6379` },
  });
  await checks.check('Redis is used, by the address in a secret', async () => {
    await release.upgrade('--set=redis.enabled=true', '--set=redis.existingSecret=redis-address');
    assert.equal(await release.contents(series), contents);
    await until('Redis has entries', NOTICE_MILLISECONDS, async () => {
      await release.contents(series);
      return Number(await ask('DBSIZE')) > 0;
    });
    assert.equal(await cacheStatus(), 'Healthy');
    assert.ok(!(await release.helm('get', 'manifest')).includes(password));
    return `${await ask('DBSIZE')} entries`;
  });
  const restarts = await release.restarts();
  await checks.check('without Redis it is degraded, ready, and answers', async () => {
    await running.stop();
    await until('it is degraded', NOTICE_MILLISECONDS, async () => {
      assert.equal(await release.contents(series), contents);
      return (await release.health()).status === 'degraded';
    });
    assert.equal(condition(await release.pod(), 'Ready').status, 'True');
  });
  await checks.check('it comes back by itself when Redis does', async () => {
    running = await server();
    await until('it is healthy', NOTICE_MILLISECONDS, async () => {
      await release.contents(series);
      return (await release.health()).status === 'healthy';
    });
    assert.equal(await release.restarts(), restarts);
  });
  await running.stop();
  await checks.check('it starts without Redis', async () => {
    const { metadata } = await release.pod();
    await cluster.kubectl('delete', 'pod', metadata.name, '-n', release.namespace, '--wait=false');
    await release.ready(metadata.uid);
    assert.equal(await release.contents(series), contents);
  });
  await release.upgrade('--set=redis.enabled=false');
}
