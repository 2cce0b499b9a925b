// Everything that the API server says of the pods of a namespace while it runs, with the time at which it was heard. What a pod that
// is gone was at last is known nowhere else.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { condition } from './cluster.mjs';

export class PodWatch {
  /** What was heard, oldest first. */
  states = [];

  constructor(cluster, namespace) {
    this.child = spawn(
      join(cluster.bin, 'kubectl'),
      ['get', '--raw', `/api/v1/namespaces/${namespace}/pods?watch=true`],
      { env: { ...process.env, ...cluster.env }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    createInterface(this.child.stdout).on('line', (line) => {
      const { type, object } = JSON.parse(line);
      const [container] = object.status.containerStatuses ?? [];
      this.states.push({
        at: performance.now(),
        type,
        uid: object.metadata.uid,
        isReady: condition(object, 'Ready')?.status === 'True',
        isEnding: object.metadata.deletionTimestamp !== undefined,
        ended: container?.state.terminated,
      });
    });
  }

  of(uid) {
    return this.states.filter((state) => state.uid === uid);
  }

  async stop() {
    const ended = once(this.child, 'exit');
    this.child.kill();
    await ended;
  }
}
