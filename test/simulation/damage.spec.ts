// Random damage to every kind of file: flips, zeroes, cuts, swaps, bytes added. Whatever is answered after it
// is what was stored, or an error; a log that was cut at its end may show an earlier state, as a whole.
// DAMAGES is how many, DAMAGE_SEED where they begin; docs/reliability.md has the figures of a long run.

import { isDeepStrictEqual } from 'node:util';
import { expect, it } from 'vitest';
import { AppError } from '../../src/core/app-error.js';
import { LogDamagedError } from '../../src/storage/log/log-errors.js';
import { INDEX_FOLDER, LOG_FOLDER } from '../../src/storage/paths.js';
import { ManualClock } from '../support/manual-clock.js';
import { openParquetStoresOn, type ParquetStores } from '../support/parquet-stores.js';
import { plainPoints, upserts, uuid, type SentPoint } from '../support/points.js';
import { Random } from '../support/random.js';
import { SimDisk } from '../support/sim-disk.js';
import { newSeries, newSource } from '../support/stores.js';

const DAMAGES = Number(process.env['DAMAGES'] ?? 400);
const SEED = Number(process.env['DAMAGE_SEED'] ?? 1);
const IDS = [1, 2, 3, 4, 5, 6].map((n) => uuid(n));

/** What can be asked, with the answer; an error that was announced stands for itself. */
type Answers = Map<string, unknown>;
const REFUSED = Symbol('refused');

interface Situation {
  readonly name: string;
  readonly disk: SimDisk;
  /** The answers after each commit that is in the log only; the last are those of now. */
  readonly states: readonly Answers[];
}

function open(disk: SimDisk): Promise<ParquetStores> {
  const config = { logSegmentBytes: 2048, parquetRowGroupRows: 5, cacheTtlSeconds: 0 };
  return openParquetStoresOn(disk, { clock: new ManualClock(), config });
}

async function ask(question: () => unknown): Promise<unknown> {
  try {
    return await question();
  } catch (error) {
    if (error instanceof AppError && error.code === 'STORAGE_ERROR') return REFUSED;
    // A series whose metadata is damaged, or that an earlier state did not have.
    if (error instanceof AppError && error.code === 'NOT_FOUND') return 'not found';
    throw error;
  }
}

async function answersOf({ series, points, sources }: ParquetStores): Promise<Answers> {
  const answers: Answers = new Map();
  answers.set('sources', await ask(() => sources.all()));
  for (const id of IDS) {
    answers.set(`row ${id}`, await ask(() => series.get(id)));
    answers.set(`points ${id}`, await ask(async () => plainPoints(await points.read(id))));
    const overview = await ask(() => ({ ...points.overview(id), bytes: 0 }));
    answers.set(`overview ${id}`, overview);
  }
  return answers;
}

function sent(from: number, count: number): SentPoint[] {
  return Array.from({ length: count }, (_, n) => [
    new Date(Date.UTC(2020, 0, 1 + from + n)).toISOString().slice(0, 10),
    '2023-01-01',
    n % 5 === 4 ? null : n % 3 === 0 ? '0.1000000000000000055' : String(from + n),
  ]);
}

/** Files of every kind, some of them with more than one row group; a deletion of a series and of points. */
async function fill(stores: ParquetStores): Promise<void> {
  await stores.sources.create(newSource({ id: uuid(90) }));
  for (const id of IDS.slice(0, 5)) {
    await stores.series.create(newSeries({ id, externalId: `S${id}` }));
    await stores.points.upsert([upserts(id, ...sent(0, 23))]);
  }
  await stores.series.delete(IDS[4]!);
  await stores.points.delete(IDS[1]!, {
    revisionDate: undefined,
    start: undefined,
    end: undefined,
  });
  await stores.points.upsert([upserts(IDS[1]!, ...sent(5, 4))]);
}

const LOG_ONLY: ((stores: ParquetStores) => Promise<unknown>)[] = [
  ({ points }) =>
    points.upsert([upserts(IDS[0]!, ...sent(40, 12)), upserts(IDS[1]!, ...sent(2, 9))]),
  ({ series }) => series.create(newSeries({ id: IDS[5]!, externalId: 'new' })),
  ({ points }) => points.upsert([upserts(IDS[5]!, ...sent(0, 30))]),
  ({ sources }) => sources.update(uuid(90), { name: 'Renamed' }),
  ({ series }) => series.update(IDS[2]!, { title: 'Another title' }),
  ({ points }) => points.upsert([upserts(IDS[0]!, ...sent(60, 40))]),
  ({ series }) => series.delete(IDS[3]!),
  ({ points }) => points.upsert([upserts(IDS[2]!, ...sent(10, 20))]),
];

async function situations(): Promise<Situation[]> {
  const random = new Random(SEED);
  const disk = new SimDisk(random.fork());
  const stores = await open(disk);
  await fill(stores);
  await stores.directory.flush();
  await stores.directory.checkpoint();
  const flushed = [await answersOf(stores)];
  const files = disk.crash(random, 'all');
  const states = [...flushed];
  for (const step of LOG_ONLY) {
    await step(stores);
    states.push(await answersOf(stores));
  }
  // The marker that vouches for the last frame is written when nothing waits any more.
  for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve));
  const log = disk.crash(random, 'all');
  const lone = (from: SimDisk, ...folders: string[]): SimDisk => {
    const copy = from.clone(random.fork());
    for (const folder of folders) copy.empty(folder);
    return copy;
  };
  return [
    { name: 'files, checkpoint and log', disk: log, states },
    { name: 'files and log', disk: lone(log, INDEX_FOLDER), states },
    { name: 'files and checkpoint', disk: files, states: flushed },
    { name: 'files', disk: lone(files, INDEX_FOLDER, LOG_FOLDER), states: flushed },
  ];
}

async function overwrite(disk: SimDisk, name: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.open(name);
  await file.truncate(0);
  await file.write(0, bytes);
  await file.sync();
  await file.close();
}

const DAMAGE_KINDS = ['flip', 'flip', 'flip', 'zero', 'zero', 'cut', 'add', 'swap'] as const;

/** @returns what was done, and whether it reached the end of what the log has */
async function damage(disk: SimDisk, random: Random): Promise<{ what: string; inLog: boolean }> {
  const names: string[] = [];
  for (const folder of ['', LOG_FOLDER, INDEX_FOLDER]) {
    names.push(...(await disk.list(folder)).map((name) => (folder ? `${folder}/${name}` : name)));
  }
  const name = random.pick(names);
  const bytes = Buffer.from(await disk.read(name));
  // A segment is mostly zeros; damage to those is none.
  let used = bytes.length;
  while (used > 1 && bytes[used - 1] === 0) used--;
  const at = random.below(used);
  const kind = random.pick(DAMAGE_KINDS);
  switch (kind) {
    case 'flip':
      bytes[at]! ^= 1 << random.below(8);
      await overwrite(disk, name, bytes);
      break;
    case 'zero':
      await overwrite(
        disk,
        name,
        bytes.fill(0, at, Math.min(bytes.length, at + 1 + random.below(600))),
      );
      break;
    case 'cut':
      await overwrite(disk, name, bytes.subarray(0, at));
      break;
    case 'add':
      await overwrite(disk, name, Buffer.concat([bytes, bytes.subarray(at, at + 50)]));
      break;
    case 'swap': {
      const other = random.pick(names);
      const others = Buffer.from(await disk.read(other));
      await overwrite(disk, name, others);
      await overwrite(disk, other, bytes);
      return { what: `${name} and ${other} swapped`, inLog: false };
    }
  }
  const inLog = name.startsWith(`${LOG_FOLDER}/`) && kind !== 'flip';
  return { what: `${name}: ${kind} at ${at} of ${used}`, inLog };
}

function faults(found: Answers, wanted: Answers): string[] {
  return [...wanted].flatMap(([question, answer]) => {
    const got = found.get(question);
    return got === REFUSED || isDeepStrictEqual(got, answer) ? [] : [question];
  });
}

it(`answers what was stored, or an error, after ${DAMAGES} damages (DAMAGE_SEED=${SEED})`, async () => {
  const all = await situations();
  let refusals = 0;
  let unharmed = 0;
  for (let n = 0; n < DAMAGES; n++) {
    const random = new Random(SEED * 1_000_003 + n);
    const { name, disk, states } = random.pick(all);
    const damaged = disk.clone(random.fork());
    const { what, inLog } = await damage(damaged, random);
    const where = `${name}, damage ${n}: ${what}`;
    let stores: ParquetStores;
    try {
      stores = await open(damaged);
    } catch (error) {
      const isTold = error instanceof LogDamagedError || error instanceof AppError;
      expect(isTold, `${where}: ${String(error)}`).toBe(true);
      refusals++;
      continue;
    }
    const found = await answersOf(stores);
    const now = states.at(-1)!;
    // What is cut off the end of the log cannot be told from what was never written.
    const wanted = inLog ? (states.find((state) => faults(found, state).length === 0) ?? now) : now;
    expect(faults(found, wanted), where).toEqual([]);
    const isUnharmed = ![...found.values()].includes(REFUSED);
    if (isUnharmed) unharmed++;
    else expect(stores.directory.damaged, where).toBeGreaterThan(0);
  }
  const told = DAMAGES - refusals - unharmed;
  process.stdout.write(
    `damage: ${DAMAGES} damages, ${refusals} starts refused, ${told} told, ${unharmed} without harm, 0 wrong answers\n`,
  );
}, 7_200_000);
