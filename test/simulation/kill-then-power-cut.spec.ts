// A process that is killed leaves names and bytes that can be seen and are not durable. The next start builds
// on them; when the power goes after it, nothing that was acknowledged may hang on what was only to be seen.
// One scenario, killed at every call of the disk; then a second life in which each kind of step is the last
// one before the power goes.

import { describe, expect, it } from 'vitest';
import { type Uuid } from '../../src/core/uuid.js';
import { ManualClock } from '../support/manual-clock.js';
import { brief, upserts, uuid } from '../support/points.js';
import { Random } from '../support/random.js';
import { SimDisk } from '../support/sim-disk.js';
import { newSeries } from '../support/stores.js';
import type { EngineUnderTest } from './engine-under-test.js';
import { openEngine } from './open-engine.js';

const IDS = [uuid(1), uuid(2), uuid(3)];

/** The points that were acknowledged, by series; undefined for a series that was deleted. */
type Known = Map<Uuid, string[] | undefined>;

class Life {
  constructor(
    readonly disk: SimDisk,
    readonly engine: EngineUnderTest,
    readonly known: Known,
    private day: number,
  ) {}

  static async begin(disk: SimDisk, known: Known, day: number): Promise<Life> {
    const clock = new ManualClock();
    return new Life(disk, await openEngine(disk, clock, { seed: 0 }), known, day);
  }

  async create(id: Uuid): Promise<void> {
    await this.engine.series.create(newSeries({ id, externalId: `S${id}` }));
    this.known.set(id, []);
  }

  async write(id: Uuid): Promise<void> {
    const date = new Date(Date.UTC(2020, 0, 1 + this.day++)).toISOString().slice(0, 10);
    await this.engine.points.upsert([upserts(id, [date, '2023-01-01', '1'])]);
    this.known.get(id)!.push(`${date} 2023-01-01 1`);
  }

  async remove(id: Uuid): Promise<void> {
    await this.engine.series.delete(id);
    this.known.set(id, undefined);
  }

  get nextDay(): number {
    return this.day;
  }
}

/** Every kind of step: files new and replaced, segments made and removed, a series deleted and made again. */
const FIRST_LIFE: ((life: Life) => Promise<void>)[] = [
  ...IDS.map((id) => (life: Life) => life.create(id)),
  ...IDS.map((id) => (life: Life) => life.write(id)),
  (life) => life.engine.flush(),
  (life) => life.write(IDS[0]!),
  (life) => life.engine.checkpoint(),
  ...Array.from({ length: 20 }, () => (life: Life) => life.write(IDS[1]!)),
  (life) => life.engine.flush(),
  (life) => life.remove(IDS[2]!),
  (life) => life.engine.flush(),
  (life) => life.engine.checkpoint(),
  (life) => life.create(IDS[2]!),
  (life) => life.write(IDS[2]!),
];

/** What the second life does before the power goes. */
const SECOND_LIVES: ((life: Life) => Promise<void>)[] = [
  (life) => life.engine.checkpoint(),
  // Beyond the end of the segment that it finds.
  async (life) => {
    if (!life.known.has(IDS[0]!)) await life.create(IDS[0]!);
    for (let n = 0; n < 24; n++) await life.write(IDS[0]!);
  },
];

async function expectKnown(disk: SimDisk, known: Known, begun: Known): Promise<void> {
  const engine = await openEngine(disk, new ManualClock(), { seed: 0 });
  expect(engine.damaged).toBe(0);
  for (const id of IDS) {
    const row = engine.series.get(id);
    const found = row && brief(await engine.points.read(id));
    // The call that was under way when the process was killed is there or not.
    expect([known.get(id), begun.get(id)], `series ${id}`).toContainEqual(found);
  }
  await engine.close();
}

/** @returns false once the whole first life took fewer calls than `killAt` */
async function run(killAt: number): Promise<boolean> {
  const random = new Random(killAt);
  const disk = new SimDisk(random.fork());
  const known: Known = new Map();
  const first = await Life.begin(disk, known, 0);
  disk.crashAt(killAt);
  let begun: Known = known;
  for (const step of FIRST_LIFE) {
    const before: Known = new Map([...known].map(([id, points]) => [id, points?.slice()]));
    try {
      await step(first);
      begun = known;
    } catch (error) {
      if (!disk.isDead) throw error;
      begun = await modelled(step, before, first.nextDay);
      break;
    }
  }
  if (!disk.isDead) return false;
  const found = await findings(disk.crash(random, 'process'), known, begun);
  for (const second of SECOND_LIVES) {
    const killed = disk.crash(random, 'process');
    const kept: Known = new Map([...found].map(([id, points]) => [id, points?.slice()]));
    const life = await Life.begin(killed, kept, first.nextDay + 1);
    await second(life);
    await expectKnown(killed.crash(random, 'nothing'), life.known, life.known);
  }
  return true;
}

/** What the state would be had the step been acknowledged. */
async function modelled(
  step: (life: Life) => Promise<void>,
  before: Known,
  day: number,
): Promise<Known> {
  const nothing = () => Promise.resolve([]);
  const engine = {
    series: { create: nothing, delete: nothing },
    points: { upsert: nothing },
    flush: nothing,
    checkpoint: nothing,
  } as unknown as EngineUnderTest;
  const after: Known = new Map([...before].map(([id, points]) => [id, points?.slice()]));
  await step(new Life(undefined as never, engine, after, day - 1));
  return after;
}

/** What is there after the kill: the call that was under way, or not, and it stays so from then on. */
async function findings(disk: SimDisk, known: Known, begun: Known): Promise<Known> {
  const engine = await openEngine(disk, new ManualClock(), { seed: 0 });
  const found: Known = new Map();
  for (const id of IDS) {
    if (engine.series.get(id)) found.set(id, brief(await engine.points.read(id)));
    expect([known.get(id), begun.get(id)], `series ${id}`).toContainEqual(found.get(id));
  }
  return found;
}

describe('a process that was killed, started again, and then lost its power', () => {
  it('has all that was acknowledged, at whichever call it was killed', async () => {
    let killAt = 1;
    while (await run(killAt)) killAt++;
    expect(killAt).toBeGreaterThan(100);
  }, 120_000);
});
