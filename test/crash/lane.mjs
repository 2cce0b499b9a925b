// One service after the other on the same directory: start, verify, write from many sides, die, again.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, NoAnswer } from './client.mjs';
import { Oracle } from './oracle.mjs';
import { killAtSystemCall, killAtSystemCallOfStart, Service, untilTouched } from './service.mjs';
import { verify } from './verify.mjs';
import { Violation } from './violation.mjs';
import { nextOperation, requestOf } from './workload.mjs';

/** A directory that is used longer has more series, and each verification takes longer. */
const ROUNDS_PER_DIRECTORY = 50;

/** How many series each writer keeps; the first can make calls over 50 of them. */
const WRITERS_SERIES = [60, 10, 8, 6, 4, 1];

/**
 * Calls acknowledged until a random kill or until strace attaches, and how long that may take at most. In
 * calls, because a process that has just started may need the first half second for its first one.
 */
const CALLS_UNTIL_KILL_MAX = 60;
const WRITING_MILLISECONDS_MAX = 3000;

/** From the last of these calls on: any moment between two of them, or within one. */
const LAST_MILLISECONDS_MAX = 40;

/** Writing under strace until the call that kills has come; some never come. */
const TRACED_MILLISECONDS_MAX = 1500;

/** From the first touch of the data directory until it listens, and a little more. */
const RECOVERY_MILLISECONDS = 400;

/** Answers that say that nothing was stored because the service is about to stop. */
const STOPPING_CODES = new Set(['UNAVAILABLE', '503']);

export class Lane {
  #directory;
  #service;
  #oracle;
  #rounds = 0;

  /** @param run `options`, `totals`, `sweep` where system calls are to kill, `isOver()` */
  constructor(random, run) {
    this.random = random;
    this.run = run;
    this.writers = WRITERS_SERIES.map((seriesTarget, index) => ({
      number: index,
      seriesTarget,
      random: random.fork(),
    }));
  }

  /** Where the evidence is. */
  get directory() {
    return this.#directory;
  }

  /** @throws Violation, leaving directory and oracle file */
  async runRounds() {
    while (!this.run.isOver()) {
      if (this.#rounds % ROUNDS_PER_DIRECTORY === 0) this.#useNewDirectory();
      await this.#round();
      this.#rounds++;
    }
    if (this.#directory === undefined) return;
    // What the last kill left is verified, too.
    const service = await this.#startVerified();
    await this.#stop(service, []);
    this.removeDirectory();
  }

  /** After a violation: nothing may change the evidence any more. */
  killService() {
    this.#service?.kill();
  }

  removeDirectory() {
    if (this.#directory === undefined) return;
    this.#oracle.close();
    rmSync(this.#directory, { recursive: true, force: true });
    this.#directory = undefined;
  }

  #useNewDirectory() {
    this.removeDirectory();
    this.#directory = mkdtempSync(join(tmpdir(), 'econ-graph-crash-'));
    mkdirSync(this.#dataDir);
    this.#oracle = new Oracle(join(this.#directory, 'oracle.jsonl'));
  }

  get #dataDir() {
    return join(this.#directory, 'data');
  }

  #spawn() {
    const { dist, variables } = this.run.options;
    // One thread for files makes the k-th call the k-th of the process; four are what users have.
    const threads = this.random.pick(['1', '4']);
    this.#service = new Service(dist, {
      DATA_DIR: this.#dataDir,
      LOG_LEVEL: 'info',
      UV_THREADPOOL_SIZE: threads,
      ...variables,
    });
    return this.#service;
  }

  async #round() {
    const { totals, options } = this.run;
    if (this.random.chance(0.1)) {
      rmSync(join(this.#dataDir, 'indexes'), { recursive: true, force: true });
      this.#oracle.note({ event: 'indexes removed' });
      totals.indexesRemoved++;
    }
    while (this.random.chance(0.3)) await this.#dieDuringStart();
    const service = await this.#startVerified();
    if (totals.secondsRefused === 0) {
      totals.secondsRefused++;
      await this.#refuseSecond();
    }
    if (this.random.chance(0.1)) return this.#writeUntilStopped(service);
    const isTraced = this.run.sweep && (options.mode === 'syscall' || this.random.chance(0.5));
    return isTraced ? this.#writeUntilSystemCall(service) : this.#writeUntilKilled(service);
  }

  async #startVerified() {
    const { totals } = this.run;
    const started = performance.now();
    const service = this.#spawn();
    await service.listening;
    const client = new Client(service.url);
    const verifying = performance.now();
    try {
      const { points, stored, left } = await verify(client, this.#oracle);
      totals.pointsVerified += points;
      totals.openStored += stored;
      totals.openLeft += left;
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      throw new Violation('the service ended while it was verified', service.output.split('\n'));
    } finally {
      client.close();
    }
    totals.verifications++;
    totals.startMilliseconds += verifying - started;
    totals.verifyMilliseconds += performance.now() - verifying;
    return service;
  }

  async #refuseSecond() {
    const second = this.#spawn();
    const isUp = await second.listening.then(
      () => true,
      () => false,
    );
    second.kill();
    await second.ended();
    if (isUp) throw new Violation('a second process opened the same directory');
    if (!/in use/.test(second.output)) {
      throw new Violation('a second process was refused for another reason', [second.output]);
    }
  }

  async #dieDuringStart() {
    const { totals, sweep } = this.run;
    const service = this.#spawn();
    const isTraced = sweep !== undefined && this.random.chance(0.6);
    if (isTraced) {
      const target = this.run.startSweep.next();
      this.#oracle.note({ event: 'dies during start', call: target.call, when: target.when });
      const isAttached = await killAtSystemCallOfStart(service, this.#dataDir, target);
      if (isAttached) await Promise.race([service.exited, service.listening.catch(() => null)]);
      const hasDied = !service.isRunning;
      this.run.startSweep.report(target, hasDied);
      if (hasDied) return this.#expectKilled(service, 'callKills', 'startKills');
    } else {
      const milliseconds = this.random.integer(0, RECOVERY_MILLISECONDS);
      this.#oracle.note({ event: 'dies during start', milliseconds });
      // Before it touches its data nothing can go wrong.
      await untilTouched(service, this.#dataDir);
      await pause(milliseconds);
    }
    if (!service.isRunning) {
      throw new Violation('the service ended during its start', service.output.split('\n'));
    }
    service.kill();
    await this.#expectKilled(service, 'randomKills', 'startKills');
    totals.startsTraced += Number(isTraced);
  }

  async #expectKilled(service, ...counts) {
    const { code, signal } = await service.ended();
    if (signal !== 'SIGKILL') {
      const how = signal ?? `code ${code}`;
      throw new Violation(`the service ended by itself (${how})`, service.output.split('\n'));
    }
    for (const count of counts) this.run.totals[count]++;
  }

  async #writeUntilKilled(service) {
    this.#oracle.note({ event: 'to be killed' });
    const writing = this.#write(service);
    await this.#untilRandomMoment(service, writing);
    const hasEnded = !service.isRunning;
    service.kill();
    await writing.end();
    if (hasEnded) {
      throw new Violation('the service ended by itself', service.output.split('\n'));
    }
    await this.#expectKilled(service, 'randomKills');
  }

  async #writeUntilSystemCall(service) {
    const target = this.run.sweep.next();
    this.#oracle.note({ event: 'to be killed', call: target.call, when: target.when });
    // The sweep counts from many states: an idle service, full deltas, a flush under way.
    const writing = this.#write(service);
    if (this.random.chance(0.8)) await this.#untilRandomMoment(service, writing);
    await killAtSystemCall(service, target);
    await Promise.race([pause(TRACED_MILLISECONDS_MAX), writing.failed, service.exited]);
    // A violation of a writer is thrown by `end`; a lost connection means that the process is going.
    if (service.isRunning && writing.hasLostConnection()) await service.ended();
    const hasDied = !service.isRunning;
    service.kill();
    await writing.end();
    this.run.sweep.report(target, hasDied);
    await this.#expectKilled(service, hasDied ? 'callKills' : 'randomKills');
  }

  async #writeUntilStopped(service) {
    this.#oracle.note({ event: 'to be stopped' });
    const writing = this.#write(service);
    await this.#untilRandomMoment(service, writing);
    await this.#stop(service, [writing]);
  }

  async #stop(service, writings) {
    for (const writing of writings) writing.mayBeRefused = true;
    service.kill('SIGTERM');
    const { code, signal } = await service.ended();
    for (const writing of writings) await writing.end();
    if (code !== 0 && signal !== 'SIGTERM') {
      const how = signal ?? `code ${code}`;
      throw new Violation(`SIGTERM ended the service with ${how}`, service.output.split('\n'));
    }
    this.run.totals.cleanStops++;
  }

  async #untilRandomMoment(service, writing) {
    const calls = writing.acknowledged(this.random.integer(0, CALLS_UNTIL_KILL_MAX));
    const limit = pause(WRITING_MILLISECONDS_MAX);
    await Promise.race([calls, limit, writing.failed, service.exited]);
    await pause(this.random.float() * LAST_MILLISECONDS_MAX);
  }

  /** All writers at once, until `end`, or until one of them has no answer. */
  #write(service) {
    const client = new Client(service.url);
    const writing = { isOver: false, mayBeRefused: false, calls: 0, onCall: () => undefined };
    writing.acknowledged = (count) =>
      new Promise((resolve) => {
        writing.onCall = () => writing.calls >= count && resolve();
        writing.onCall();
      });
    let lost = 0;
    const loops = this.writers.map(async (writer) => {
      if (!(await this.#writeLoop(writer, client, writing))) lost++;
    });
    const all = Promise.all(loops);
    all.catch(() => undefined);
    writing.failed = Promise.race(loops).catch(() => undefined);
    writing.hasLostConnection = () => lost > 0;
    writing.end = async () => {
      writing.isOver = true;
      try {
        // All of them: none may write on when the next service is verified.
        await Promise.allSettled(loops);
        await all;
      } finally {
        client.close();
      }
    };
    return writing;
  }

  /** @returns false where a call had no answer */
  async #writeLoop(writer, client, writing) {
    while (!writing.isOver) {
      const { seriesPerCallMax } = this.run.options;
      const operation = nextOperation(writer, this.#oracle, seriesPerCallMax);
      const call = this.#oracle.begin(writer.number, operation);
      let answer;
      try {
        answer = await client.mutate(...requestOf(operation));
      } catch (error) {
        this.#oracle.leaveOpen(call, error.message);
        if (error instanceof NoAnswer) return false;
        throw error;
      }
      if (answer.data) {
        this.#oracle.acknowledge(call, answer.data);
        this.run.totals.acknowledged++;
        writing.calls++;
        writing.onCall();
      } else if (writing.mayBeRefused && STOPPING_CODES.has(answer.code)) {
        this.#oracle.refuse(call, answer.code);
        return true;
      } else {
        throw new Violation(`call ${call.number} (${operation.kind}) was refused`, [
          JSON.stringify(answer.error),
        ]);
      }
    }
    return true;
  }
}
