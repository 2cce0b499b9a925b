// A pod is replaced while clients go on: nothing that was taken may fail, nothing acknowledged may be missing, and the old process
// comes to its own end.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { FlightClient, HttpClients } from '../../restart/clients.mjs';
import { PodWatch } from '../pod-watch.mjs';
import { FLIGHT_PORT, HTTP_PORT, POD, Release, statusOf } from '../release.mjs';

const POINTS = 200_000;
const PER_SECOND = 50;
const SERVING_MILLISECONDS = 3_000;
/** For the answers to all that was asked, after the new pod is ready. */
const ANSWER_MILLISECONDS_MAX = 45_000;
/** What the probe of an endpoint may lag behind, on a busy machine. */
const GAP_MILLISECONDS_MAX = 60_000;

export async function rollingUpdate(cluster, checks) {
  const release = new Release(cluster);
  await release.ensure();
  const [written, read] = [
    await release.createSeries(`WRITTEN-${Date.now()}`),
    await release.createSeries(`READ-${Date.now()}`),
  ];
  await release.write(read, POINTS);
  // A line for each request that was taken: it tells which of the reset ones the service had read.
  await release.upgrade('--set=config.LOG_LEVEL=debug');
  const old = await release.ready();
  const observed = await replaceUnderLoad(cluster, release, { written, read, old });
  const { http, flight, watch, stopping, log } = observed;
  const states = watch.of(old.metadata.uid);
  const firstEnding = states.find(({ isEnding }) => isEnding);
  const { at: endedAt, ended } = states.find((state) => state.ended) ?? {};
  const readyAgain = watch.states.find(({ uid, isReady }) => uid !== old.metadata.uid && isReady);

  await checks.check('no request was answered wrongly or cut over HTTP', () => {
    assert.deepEqual(http.faults, []);
    const taken = http.resets.filter((id) => log.text.includes(id));
    assert.deepEqual(taken, [], 'reset after they were taken');
    assert.ok(log.text.includes('"requestId"'), 'the log has no ids of requests');
    assert.ok(http.counts.answered > 0);
    return `${http.counts.answered} answered, ${http.counts.retried} tries where nobody listened, ${http.resets.length} reset before they were read`;
  });
  await checks.check('no stream was cut over Flight', () => {
    assert.deepEqual(flight.faults, []);
    assert.ok(flight.counts.streams > 0);
    return `${flight.counts.streams} streams of ${POINTS} rows whole`;
  });
  await checks.check('every acknowledged point is there', async () => {
    const { series } = await release.ask(
      'query($id: UUID!) { series(id: $id) { dataPoints { date } } }',
      { id: written },
    );
    const stored = new Set(series.dataPoints.map(({ date }) => date));
    assert.deepEqual(
      http.acknowledged.filter((date) => !stored.has(date)),
      [],
    );
    return `${http.acknowledged.length} points`;
  });
  await checks.check('the old process ended by itself with code 0', () => {
    assert.equal(ended?.exitCode, 0, JSON.stringify(ended));
    assert.equal(ended.reason, 'Completed');
    const grace = old.spec.terminationGracePeriodSeconds;
    const took = (endedAt - firstEnding.at) / 1000;
    assert.ok(took < grace, `${took} s`);
    return `${took.toFixed(1)} s of ${grace} s`;
  });
  await checks.check('while it stops it says that it is not ready, and goes on serving', () => {
    const during = stopping.filter(({ at }) => at > firstEnding.at && at < endedAt);
    assert.ok(
      during.some(({ ready, live }) => ready === 503 && live === 200),
      JSON.stringify(during),
    );
    const unready = states.find(({ isReady, ended: isOver }) => !isReady && !isOver);
    assert.ok(unready, 'the pod was Ready until its end');
    return `not ready for Kubernetes ${((unready.at - firstEnding.at) / 1000).toFixed(1)} s after the signal`;
  });
  await checks.check('clients wait for no longer than a stop and a start', () => {
    assert.ok(http.longest < GAP_MILLISECONDS_MAX, `${http.longest} ms`);
    const gap = (readyAgain.at - endedAt) / 1000;
    return `longest wait ${(http.longest / 1000).toFixed(1)} s; from the end of the old process to the new pod's readiness ${gap.toFixed(1)} s`;
  });
  await release.upgrade();
}

async function replaceUnderLoad(cluster, release, { written, read, old }) {
  const host = await release.host();
  const watch = new PodWatch(cluster, release.namespace);
  const log = followLog(cluster, release.namespace);
  const http = new HttpClients(`http://${host}:${HTTP_PORT}`, written, {
    perSecond: PER_SECOND,
    connections: 20,
  });
  const flight = new FlightClient(FLIGHT_PORT, ['data_points', read], POINTS, host);
  http.start();
  flight.start();
  await wait(SERVING_MILLISECONDS);
  const looking = lookAt(old.status.podIP);
  await cluster.kubectl('rollout', 'restart', 'statefulset', '-n', release.namespace);
  await cluster
    .kubectl(...['rollout', 'status', 'statefulset', '-n', release.namespace, '--timeout=300s'])
    .catch((error) => http.faults.push(error.message));
  await release.ready(old.metadata.uid);
  await wait(SERVING_MILLISECONDS);
  const stopping = await looking.stop();
  await Promise.all([within(http, 'HTTP', http.stop()), within(flight, 'Flight', flight.stop())]);
  await watch.stop();
  log.child.kill();
  return { http, flight, watch, stopping, log };
}

/** A pod that is killed takes its network with it: who waits for its answer is not told. */
async function within(clients, protocol, stopped) {
  const late = wait(ANSWER_MILLISECONDS_MAX, 'late', { ref: false });
  if ((await Promise.race([stopped, late])) === 'late') {
    clients.faults.push(`${protocol}: requests without an answer`);
  }
}

/** Asks the pod itself, whatever the Service thinks of it. */
function lookAt(address) {
  const looks = [];
  let isStopped = false;
  const running = (async () => {
    while (!isStopped) {
      const [ready, live] = await Promise.all(
        ['ready', 'live'].map((name) => statusOf(`http://${address}:${HTTP_PORT}/health/${name}`)),
      );
      looks.push({ at: performance.now(), ready, live });
      await wait(200);
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await running;
      return looks;
    },
  };
}

/** What the pod that goes away writes until its end. */
function followLog(cluster, namespace) {
  const child = spawn(
    join(cluster.bin, 'kubectl'),
    ['logs', '-f', '-n', namespace, POD, '--tail=0'],
    {
      env: { ...process.env, ...cluster.env },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const log = { child, text: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (log.text += text));
  return log;
}
