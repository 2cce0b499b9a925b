// Drives an engine over a simulated disk through calls, crashes, faults and starts, and compares it with
// the oracle after each. One seed decides the whole run, so a violation replays from its seed.

import { AppError, messageOf } from '../../src/core/app-error.js';
import { ManualClock } from '../support/manual-clock.js';
import { Random } from '../support/random.js';
import { SimDisk } from '../support/sim-disk.js';
import type { EngineUnderTest, OpenEngine } from './engine-under-test.js';
import { Disagreement, Oracle, type Outcome } from './oracle.js';
import { visibleState } from './visible-state.js';
import {
  describeCall,
  drawBatch,
  performOnEngine,
  type Call,
  type EngineCall,
} from './workload.js';

export interface SimulationOptions {
  readonly open: OpenEngine;
  readonly seed: number;
  /** How far to go: so many states after a crash, or so long. Whichever is given. */
  readonly crashStates?: number;
  readonly milliseconds?: number;
}

export interface SimulationReport {
  /** States of the disk after a crash or power cut, each of which was started from. */
  crashStates: number;
  /** Calls of the disk. */
  operations: number;
  /** Starts that came up with what they had to. */
  recoveries: number;
}

const TRACE_LENGTH = 60;

/** The engine did what it must not. The seed replays it as the first history of a run. */
export class Violation extends Error {
  override readonly name = 'Violation';

  constructor(
    what: string,
    readonly seed: number,
    readonly trace: readonly string[],
  ) {
    super([`${what} (SIM_SEED=${seed})`, ...trace.map((line) => `  ${line}`)].join('\n'));
  }
}

/** @throws Violation at the first one */
export async function runSimulation(options: SimulationOptions): Promise<SimulationReport> {
  const { open, seed, crashStates = Infinity, milliseconds } = options;
  const report: SimulationReport = { crashStates: 0, operations: 0, recoveries: 0 };
  const deadline = milliseconds === undefined ? Infinity : performance.now() + milliseconds;
  const isOver = (): boolean => {
    return report.crashStates >= crashStates || performance.now() >= deadline;
  };
  for (let n = 0; !isOver(); n++) await new History(open, seed + n, report).run(isOver);
  return report;
}

/** Lives of one data directory, from crash to crash. */
const LIVES = 12;
const STEPS_MAX = 24;
/** The n-th call of the disk at which a life ends, at most: in one call, in a few, late. */
const CRASH_WITHIN = [6, 30, 120, 400];
/** The same for the first call that fails. */
const FAULT_WITHIN = [6, 30, 120];
/** The same for a crash or fault during a start. */
const CRASH_IN_START_WITHIN = [4, 12, 40];
const CRASHES_IN_START_MAX = 4;
/** After a crash, turns of the event loop in which calls may still hear of it. */
const LAST_TURNS = 20;
/** Nothing takes that long but a call that never returns. */
const HANGING_MILLISECONDS = 20_000;

class History {
  private readonly random: Random;
  private readonly clock = new ManualClock();
  private readonly trace: string[] = [];
  private oracle = Oracle.empty();
  private disk: SimDisk;
  private engine: EngineUnderTest | undefined;
  /** Whether the disk failed in this life: then calls may fail, too. */
  private isFaulty = false;

  constructor(
    private readonly openEngine: OpenEngine,
    private readonly seed: number,
    private readonly report: SimulationReport,
  ) {
    this.random = new Random(seed);
    this.disk = new SimDisk(this.random.fork());
  }

  async run(isOver: () => boolean): Promise<void> {
    try {
      this.engine = await this.open(this.disk);
      for (let life = 0; life < LIVES && !isOver(); life++) {
        const isClosed = await this.live();
        await this.recover(isClosed);
      }
    } catch (error) {
      throw error instanceof Violation ? error : this.violation(error);
    } finally {
      this.end();
    }
  }

  /** Calls until the disk is gone, or the engine was closed. */
  private async live(): Promise<boolean> {
    this.planTrouble();
    const steps = 1 + this.random.below(STEPS_MAX);
    for (let n = 0; n < steps && !this.disk.isDead; n++) await this.step();
    if (this.disk.isDead) return false;
    if (this.random.chance(0.5)) {
      await this.look();
      const isClosed = !this.disk.isDead && (await this.close());
      if (isClosed) {
        this.end();
        return true;
      }
    }
    this.note('crash at rest');
    this.end();
    return false;
  }

  private planTrouble(): void {
    this.isFaulty = false;
    const dice = this.random.below(100);
    if (dice < 60) {
      this.disk.crashAt(1 + this.random.below(this.random.pick(CRASH_WITHIN)));
    } else if (dice < 88) {
      this.disk.failAt(this.drawFault(FAULT_WITHIN));
      this.isFaulty = true;
    }
  }

  private drawFault(within: readonly number[]) {
    const fault = {
      call: 1 + this.random.below(this.random.pick(within)),
      code: this.random.pick(['EIO', 'ENOSPC', 'EMFILE'] as const),
      lasting: this.random.chance(0.4),
    };
    this.note(`fault planned: ${JSON.stringify(fault)}`);
    return fault;
  }

  private async step(): Promise<void> {
    this.moveClock();
    const batch = drawBatch(this.random, this.oracle.seriesIds());
    const outcomes = await this.performAll(batch);
    if (this.disk.isDead) {
      await this.oracle.crash(outcomes);
      return;
    }
    await this.oracle.settle(outcomes);
    if (this.isFaulty && this.disk.faults > 0 && this.random.chance(0.2)) {
      this.note('the disk works again');
      this.disk.heal();
    }
    if (this.oracle.isUncertain || this.random.chance(0.15)) await this.look();
  }

  /** Mostly ahead; also not at all, or back. */
  private moveClock(): void {
    const dice = this.random.below(20);
    const micros = dice === 0 ? -3_600_000_000 : dice < 5 ? 0 : this.random.below(2_000_000);
    this.clock.set(this.clock.now() + micros);
  }

  private async performAll(batch: readonly Call[]): Promise<Outcome[]> {
    const engine = this.engine!;
    const outcomes: (Outcome | 'none' | undefined)[] = batch.map(() => undefined);
    const crashed: unknown[] = [];
    const running = batch.map(async (call, index) => {
      try {
        const answer = await performOnEngine(call, engine);
        outcomes[index] = isEngineCall(call) ? 'none' : { kind: 'answered', call, answer };
      } catch (error) {
        try {
          outcomes[index] = this.outcomeOf(call, error);
        } catch (violation) {
          crashed.push(violation);
        }
      }
    });
    await this.unlessDead(Promise.all(running), batch.map(describeCall).join(' | '));
    const seen = batch.map((call, index): Outcome | 'none' => {
      if (outcomes[index]) return outcomes[index];
      return isEngineCall(call) ? 'none' : { kind: 'unknown', call };
    });
    for (const [index, call] of batch.entries()) {
      const side = batch.length > 1 ? (index === 0 ? '┌ ' : '│ ') : '';
      this.note(`${side}${describeCall(call)} -> ${describeOutcome(seen[index]!)}`);
    }
    if (this.disk.isDead) this.note('crash');
    if (crashed.length > 0) throw crashed[0];
    return seen.filter((outcome) => outcome !== 'none');
  }

  private outcomeOf(call: Call, error: unknown): Outcome | 'none' {
    const { code, details } =
      error instanceof AppError ? error : { code: undefined, details: undefined };
    const isRefused = code === 'NOT_FOUND' || code === 'CONFLICT';
    const isFailed = code === 'STORAGE_ERROR' || code === 'UNAVAILABLE';
    if (isEngineCall(call)) {
      if (this.disk.isDead || this.isFaulty) return 'none';
      throw new Disagreement(`${call.kind} fails: ${messageOf(error)}`, { cause: error });
    }
    if (isRefused) return { kind: 'refused', call, code };
    if (this.disk.isDead) return { kind: 'unknown', call };
    if (isFailed && this.isFaulty) {
      return { kind: details['outcome'] === 'unknown' ? 'unknown' : 'failed', call };
    }
    throw new Disagreement(`${call.kind} fails: ${messageOf(error)}`, { cause: error });
  }

  /** Compares all that can be seen; a disk that fails is made to work first. */
  private async look(): Promise<void> {
    if (this.isFaulty) this.disk.heal();
    const looked = visibleState(this.engine!).then(
      (actual) => ({ actual }),
      (error: unknown) => ({ error }),
    );
    const seen = await this.unlessDead(looked, 'a look at everything');
    if (this.disk.isDead) {
      this.note('crash while everything is read');
      return this.oracle.crash([]);
    }
    if (!seen || 'error' in seen) throw this.violation(seen?.error);
    await this.oracle.look(seen.actual);
  }

  private async close(): Promise<boolean> {
    const closing = this.engine!.close().then(
      () => ({ error: undefined }),
      (error: unknown) => ({ error }),
    );
    const closed = await this.unlessDead(closing, 'close');
    if (this.disk.isDead) {
      this.note('crash while closing');
      return false;
    }
    if (closed?.error !== undefined && !this.isFaulty) throw this.violation(closed.error);
    this.note(closed?.error === undefined ? 'closed' : 'closing failed');
    return closed?.error === undefined;
  }

  /** Starts again from what the disk may have kept, until a start comes up. */
  private async recover(isClosed: boolean): Promise<void> {
    await this.oracle.crash([]);
    const corpse = this.disk;
    for (let others = this.random.below(3); others > 0; others--) {
      await this.startAside(this.crash(corpse), this.oracle.copy(), 'another outcome of the crash');
    }
    let left = isClosed ? corpse.clone(this.random.fork()) : this.crash(corpse);
    for (let crashes = 0; ; crashes++) {
      this.disk = left;
      const engine = await this.tryToOpen(crashes < CRASHES_IN_START_MAX);
      if (engine) {
        this.engine = engine;
        break;
      }
      left = this.crash(this.disk);
    }
    await this.verify(this.engine, this.oracle);
    const rebuilt = this.disk.clone(this.random.fork());
    rebuilt.empty('indexes');
    await this.startAside(rebuilt, this.oracle.copy(), 'the index is gone');
    await this.startAside(this.crash(this.disk), this.oracle.copy(), 'a crash after the start');
  }

  private crash(disk: SimDisk): SimDisk {
    this.report.crashStates++;
    return disk.crash(this.random);
  }

  /** Undefined where a crash or fault that was planned for the start kept it from coming up. */
  private async tryToOpen(withTrouble: boolean): Promise<EngineUnderTest | undefined> {
    const dice = withTrouble ? this.random.below(100) : 100;
    if (dice < 30) {
      this.disk.crashAt(1 + this.random.below(this.random.pick(CRASH_IN_START_WITHIN)));
    } else if (dice < 38) {
      this.disk.failAt(this.drawFault(CRASH_IN_START_WITHIN));
    }
    const opening = this.openEngine(this.disk, this.clock, { seed: this.random.below(2 ** 31) });
    const opened = opening.then(
      (engine) => ({ engine }),
      (error: unknown) => ({ error }),
    );
    const outcome = await this.unlessDead(opened, 'open');
    const engine = outcome && 'engine' in outcome ? outcome.engine : undefined;
    if (this.disk.isDead) {
      this.note('crash during the start');
    } else if (engine && this.disk.faults === 0) {
      this.disk.heal();
      this.note('start');
      return engine;
    } else if (engine) {
      this.disk.heal();
      this.note('start in spite of the fault; crash');
      // It may have put a series aside that it could not read, but not show anything wrong.
      if (engine.damaged === 0) await this.verify(engine, this.oracle.copy(), 'start with a fault');
    } else if (this.disk.faults > 0) {
      this.note('the start fails');
    } else {
      throw this.violation(outcome && 'error' in outcome ? outcome.error : undefined, 'start');
    }
    engine?.abandon();
    this.disk.kill();
    this.report.operations += this.disk.operations;
    return undefined;
  }

  /** A start that the history does not go on from. */
  private async startAside(disk: SimDisk, oracle: Oracle, what: string): Promise<void> {
    const engine = await this.open(disk, what);
    try {
      await this.verify(engine, oracle, what);
    } finally {
      disk.kill();
      engine.abandon();
      this.report.operations += disk.operations;
    }
  }

  private async open(disk: SimDisk, what = 'start'): Promise<EngineUnderTest> {
    const clock = new ManualClock(this.clock.now());
    const opening = this.openEngine(disk, disk === this.disk ? this.clock : clock, {
      seed: this.random.below(2 ** 31),
    });
    return this.inTime(opening, what).catch((error: unknown) => {
      throw this.violation(error, what);
    });
  }

  private async verify(engine: EngineUnderTest, oracle: Oracle, what = 'start'): Promise<void> {
    try {
      await oracle.look(await this.inTime(visibleState(engine), what));
      if (engine.damaged !== 0) {
        throw new Disagreement(`${engine.damaged} files are reported as damaged`);
      }
    } catch (error) {
      throw this.violation(error, what);
    }
    this.report.recoveries++;
  }

  private end(): void {
    if (!this.engine) return;
    this.disk.kill();
    this.engine.abandon();
    this.engine = undefined;
    this.report.operations += this.disk.operations;
  }

  /** The result, or undefined where the disk dies and the task does not hear of it. */
  private unlessDead<T>(task: Promise<T>, what: string): Promise<T | undefined> {
    const afterDeath = this.disk.death.then(async () => {
      for (let turn = 0; turn < LAST_TURNS; turn++) await nextTurn();
      return undefined;
    });
    return this.inTime(Promise.race([task, afterDeath]), what);
  }

  private async inTime<T>(task: Promise<T>, what: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const hanging = new Promise<never>((_resolve, reject) => {
      const fail = (): void => reject(new Disagreement(`it never returns: ${what}`));
      timer = setTimeout(fail, HANGING_MILLISECONDS);
    });
    try {
      return await Promise.race([task, hanging]);
    } finally {
      clearTimeout(timer);
    }
  }

  private note(line: string): void {
    this.trace.push(line);
    if (this.trace.length > TRACE_LENGTH) this.trace.shift();
  }

  private violation(cause: unknown, what?: string): Violation {
    if (cause instanceof Violation) return cause;
    const text = cause instanceof Disagreement ? cause.message : `it fails: ${messageOf(cause)}`;
    const violation = new Violation(
      what ? `${what}: ${text}` : text,
      this.seed,
      this.trace.slice(),
    );
    return Object.assign(violation, { cause });
  }
}

function isEngineCall(call: Call): call is EngineCall {
  return call.kind === 'flush' || call.kind === 'checkpoint';
}

function describeOutcome(outcome: Outcome | 'none'): string {
  if (outcome === 'none') return 'done';
  if (outcome.kind === 'refused') return outcome.code;
  return outcome.kind;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
