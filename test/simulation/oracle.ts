// What the stores may hold: the model after every order of the calls that explains what they answered, and
// with any of those applied whose outcome nobody knows. An instant is known once an answer shows it; until
// then it is the number of its commit, negative, and takes its value at first sight.

import { Instant } from '../../src/core/instant.js';
import type { Uuid } from '../../src/core/uuid.js';
import { AppError } from '../../src/core/app-error.js';
import { CommitClock } from '../../src/storage/commit-clock.js';
import { ManualClock } from '../support/manual-clock.js';
import { openMemoryStores, type MemoryStores } from '../support/memory-stores.js';
import { difference, visibleState, type VisibleState } from './visible-state.js';
import { perform, type StoreCall } from './workload.js';

/** `failed`: it must not be there. `unknown`: it may be there, wholly. */
export type Outcome =
  | { readonly kind: 'answered'; readonly call: StoreCall; readonly answer: unknown }
  | { readonly kind: 'refused'; readonly call: StoreCall; readonly code: string }
  | { readonly kind: 'failed' | 'unknown'; readonly call: StoreCall };

/** Why no state of the model fits. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement';
}

/** The instants of the commits by number, as far as they are known: strictly ascending. */
class Instants {
  private constructor(private readonly known: (number | undefined)[]) {}

  static none(): Instants {
    return new Instants([0]);
  }

  copy(): Instants {
    return new Instants(this.known.slice());
  }

  /** The number of a new commit. */
  add(): number {
    return this.known.push(undefined) - 1;
  }

  /** Whether the commit can have this instant; it has it from then on. */
  settle(commit: number, instant: number): boolean {
    const known = this.known[commit];
    if (known !== undefined) return known === instant;
    const before = this.known.findLast((value, n) => n < commit && value !== undefined)!;
    const after = this.known.find((value, n) => n > commit && value !== undefined) ?? Infinity;
    if (instant <= before || instant >= after) return false;
    this.known[commit] = instant;
    return true;
  }
}

class NumberedClock extends CommitClock {
  constructor(private readonly commit: number) {
    super(new ManualClock());
  }

  override next(): Instant {
    return Instant.of(-this.commit);
  }
}

class World {
  /** @param shown what its stores show, once somebody has asked */
  private constructor(
    private readonly stores: MemoryStores,
    private readonly instants: Instants,
    private shown?: Promise<VisibleState>,
  ) {}

  static empty(): World {
    return new World(openMemoryStores(), Instants.none());
  }

  /** The world after a call and its answer there; this one stays as it is. */
  async after(call: StoreCall): Promise<{ world: World; answer: unknown } | { code: string }> {
    const instants = this.instants.copy();
    const world = new World(this.stores.copy(new NumberedClock(instants.add())), instants);
    try {
      return { world, answer: await perform(call, world.stores) };
    } catch (error) {
      if (error instanceof AppError) return { code: error.code };
      throw error;
    }
  }

  /** Learns the instants that the actual values show; where it fails, the world is of no more use. */
  difference(expected: unknown, actual: unknown): string | undefined {
    return difference(expected, actual, (commit, instant) => {
      return commit < 0 ? this.instants.settle(-commit, instant) : commit === instant;
    });
  }

  /** Another with the same rows, which nobody changes, and instants of its own. */
  copy(): World {
    return new World(this.stores, this.instants.copy(), this.visible());
  }

  visible(): Promise<VisibleState> {
    this.shown ??= visibleState(this.stores);
    return this.shown;
  }

  seriesIds(): Uuid[] {
    return this.stores.series.all().map(({ id }) => id);
  }
}

export class Oracle {
  private constructor(
    private worlds: World[],
    /** Calls whose outcome nobody knows before the next start. */
    private open: StoreCall[],
  ) {}

  static empty(): Oracle {
    return new Oracle([World.empty()], []);
  }

  copy(): Oracle {
    return new Oracle(
      this.worlds.map((world) => world.copy()),
      this.open.slice(),
    );
  }

  /** Whether only a look at the stores tells which of several states they are in. */
  get isUncertain(): boolean {
    return this.worlds.length > 1;
  }

  get hasUnknown(): boolean {
    return this.open.length > 0;
  }

  /** Series that exist in the state that is thought most likely. */
  seriesIds(): Uuid[] {
    return this.worlds[0]!.seriesIds();
  }

  /**
   * Takes in calls that ran side by side and are over.
   * @throws Disagreement where no order of them explains what they answered
   */
  async settle(outcomes: readonly Outcome[]): Promise<void> {
    if (this.hasUnknown) {
      const written = outcomes.find((outcome) => isChange(outcome, isObservation(outcome)));
      if (written) {
        throw new Disagreement(
          `${written.call.kind} is acknowledged although the outcome of an earlier write is unknown`,
        );
      }
    }
    this.worlds = await explain(this.worlds, outcomes, false);
    this.open.push(...outcomes.filter(({ kind }) => kind === 'unknown').map(({ call }) => call));
  }

  /** Takes in calls that a crash overtook: those without an answer are there wholly, or not at all. */
  async crash(outcomes: readonly Outcome[]): Promise<void> {
    this.worlds = await explain(this.worlds, outcomes, true);
    await this.restart();
  }

  /** What nobody knew may now be there. */
  async restart(): Promise<void> {
    const unknown = this.open.map((call): Outcome => ({ kind: 'unknown', call }));
    this.open = [];
    this.worlds = await explain(this.worlds, unknown, true);
  }

  /**
   * Keeps the state that the stores show.
   * @throws Disagreement where they show none of those that they may have
   */
  async look(actual: VisibleState): Promise<void> {
    let first: string | undefined;
    for (const world of this.worlds) {
      const candidate = world.copy();
      const found = candidate.difference(await candidate.visible(), actual);
      if (found === undefined) {
        this.worlds = [candidate];
        return;
      }
      first ??= found;
    }
    throw new Disagreement(
      this.worlds.length === 1
        ? first
        : `none of ${this.worlds.length} possible states; of the first, ${first}`,
    );
  }
}

/**
 * The worlds after every order of the outcomes that explains all the answers.
 * @param applyUnknown whether calls with an unknown outcome may show already
 */
async function explain(
  worlds: readonly World[],
  outcomes: readonly Outcome[],
  applyUnknown: boolean,
): Promise<World[]> {
  const possible = outcomes.filter(({ kind, call }) => {
    return kind !== 'failed' && !(kind === 'unknown' && (call.kind === 'read' || !applyUnknown));
  });
  // A refusal may be for the sake of a call that was under way and came to nothing.
  const isDoubtful = outcomes.some(({ kind }) => kind === 'failed' || kind === 'unknown');
  const isOptional = ({ kind }: Outcome): boolean => {
    return kind === 'unknown' || (kind === 'refused' && isDoubtful);
  };
  const found: World[] = [];
  const misses: string[] = [];

  const extend = async (before: World, outcomesLeft: readonly Outcome[]): Promise<void> => {
    let world = before;
    const left: Outcome[] = [];
    // What changes nothing and fits here need not be tried elsewhere.
    for (const outcome of outcomesLeft) {
      const next = isObservation(outcome) ? await step(world, outcome, misses) : undefined;
      if (next) world = next;
      else left.push(outcome);
    }
    if (left.every(isOptional)) found.push(world);
    for (const outcome of left) {
      if (isObservation(outcome)) continue;
      const next = await step(world, outcome, misses);
      if (next) {
        await extend(
          next,
          left.filter((other) => other !== outcome),
        );
      }
    }
  };

  for (const world of worlds) await extend(world, possible);
  if (found.length > 0) return found;
  throw new Disagreement(`no order of the calls explains ${[...new Set(misses)].join('; or ')}`);
}

/** The world after a call that comes next, or undefined where it cannot have had its outcome there. */
async function step(world: World, outcome: Outcome, misses: string[]): Promise<World | undefined> {
  const next = await world.after(outcome.call);
  const miss = (why: string): undefined => void misses.push(`${outcome.call.kind} (${why})`);
  if ('code' in next) {
    if (outcome.kind === 'refused' && outcome.code === next.code) return world;
    return miss(`expected ${next.code}`);
  }
  if (outcome.kind === 'refused') return miss(`refused with ${outcome.code}`);
  if (outcome.kind === 'answered') {
    const differs = next.world.difference(next.answer, outcome.answer);
    if (differs !== undefined) return miss(differs);
  }
  return next.world;
}

/** Whether a call is over and left everything as it was. */
function isObservation(outcome: Outcome): boolean {
  if (outcome.kind === 'refused') return true;
  if (outcome.kind !== 'answered') return false;
  const { call, answer } = outcome;
  switch (call.kind) {
    case 'read':
      return true;
    case 'delete-points':
      return answer === 0;
    case 'upsert':
      return !hasWritten(answer as UpsertAnswer);
    default:
      return false;
  }
}

type UpsertAnswer = readonly {
  readonly counts: { readonly added: number; readonly corrected: number };
}[];

function hasWritten(answer: UpsertAnswer): boolean {
  return answer.some(({ counts }) => counts.added + counts.corrected > 0);
}

/** Whether a call was acknowledged that surely changed something. */
function isChange({ kind, call }: Outcome, observed: boolean): boolean {
  // An update may have found everything as it was to become.
  return kind === 'answered' && !observed && !call.kind.startsWith('update');
}
