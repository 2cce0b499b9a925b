// What is known of vintages goes the way of the points: through the log, both ways of writing a file, the
// start, and damage.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { CalendarDate } from '../../src/core/calendar-date.js';
import { Decimal } from '../../src/core/decimal.js';
import { readFacts } from '../../src/storage/parquet/file-seal.js';
import { LOG_FOLDER, pointsFile } from '../../src/storage/paths.js';
import { PublishedVintages } from '../../src/storage/vintages/published-vintages.js';
import { FaultyDisk, HoldingDisk, type DiskCall } from '../support/faulty-disk.js';
import { openParquetStores, type ParquetStores } from '../support/parquet-stores.js';
import { brief, upserts, uuid, vintages } from '../support/points.js';
import { day, newSeries } from '../support/stores.js';
import { temporaryDirectory } from '../support/test-app.js';

const ID = uuid(1);
/** More than the main thread encodes. */
const MANY = 2500;

let dataDir: string;
let stores: ParquetStores;
let disk: HoldingDisk;
const open = () =>
  openParquetStores(dataDir, {
    withThread: true,
    wrap: (inner) => (disk = new HoldingDisk(inner)),
  });
beforeEach(async () => {
  dataDir = await temporaryDirectory();
  stores = await open();
  await stores.series.create(newSeries({ id: ID }));
});
afterEach(() => stores.close());

async function publishMany(day: string, value: number): Promise<void> {
  const vintage = {
    revisionDate: CalendarDate.parse(day),
    isComplete: false,
    dates: Int32Array.from({ length: MANY }, (_, date) => date),
    values: Array.from({ length: MANY }, () => Decimal.fromNumber(value)),
  };
  await stores.points.publish([{ seriesId: ID, vintages: [vintage] }]);
}

const isLogWrite = ({ operation, name }: DiskCall) =>
  operation === 'write' && name?.startsWith(LOG_FOLDER) === true;

async function formatVersion(): Promise<number> {
  const bytes = await readFile(join(dataDir, pointsFile(ID)));
  return readFacts(bytes, { kind: 'data_points', seriesId: ID }).formatVersion;
}

it('is kept in a large file, which another thread writes', async () => {
  await publishMany('2020-01-01', 5);
  await stores.directory.flush();
  await publishMany('2020-03-01', 5);
  await stores.directory.flush();
  await stores.close();
  stores = await open();
  await publishMany('2020-02-01', 7);
  const rows = brief(await stores.points.read(ID));
  expect(rows).toHaveLength(3 * MANY);
  expect(rows.slice(-3)).toEqual([
    '1976-11-04 2020-01-01 5',
    '1976-11-04 2020-02-01 7',
    '1976-11-04 2020-03-01 5',
  ]);
});

it('is not lost with a row that a flush is writing', async () => {
  const january = '2020-01-01';
  const publish = (day: string, value: string | null) =>
    stores.points.publish([vintages(ID, [[january, day, value]])]);
  await publish('2020-02-01', '1');
  // A vintage in between that is not about January, so that the others do not speak of it in one row.
  await stores.points.publish([vintages(ID, [['2020-02-01', '2020-03-01', '9']])]);
  await publish('2020-05-01', '2');
  const created = disk.holdNext(
    ({ operation, name }) => operation === 'create' && name?.startsWith(pointsFile(ID)) === true,
  );
  const flush = stores.directory.flush();
  await created.reached;
  // The row of May becomes a repetition, and so goes; the file that is under way has it.
  await publish('2020-04-01', '2');
  created.letGo();
  await flush;
  await stores.directory.flush();
  // Now that April says something else, May's 2 is a value of its own again.
  await publish('2020-04-01', '3');
  expect(brief(await stores.points.read(ID))).toEqual([
    '2020-01-01 2020-02-01 1',
    '2020-01-01 2020-04-01 3',
    '2020-01-01 2020-05-01 2',
    '2020-02-01 2020-03-01 9',
  ]);
});

it('makes a file of a later format only where there is something to lose', async () => {
  const january = vintages(ID, [['2020-01-01', '2020-02-01', '1']]);
  await stores.points.publish([january]);
  await stores.directory.flush();
  expect(await formatVersion()).toBe(2);
  await stores.series.delete(ID);
  await stores.series.create(newSeries({ id: ID }));
  await stores.directory.flush();
  // The new series knows of no vintage.
  expect((await stores.points.publish([january]))[0]).toMatchObject({ added: 1 });
});

/** January as 1, and again on so many days. */
async function confirm(days: number): Promise<void> {
  for (let n = 0; n <= days; n++) {
    const revisionDate = CalendarDate.format((day('2020-02-01') + n) as CalendarDate);
    await stores.points.publish([vintages(ID, [['2020-01-01', revisionDate, '1']])]);
  }
}

it('is applied once, though hundreds are published one by one between two flushes', async () => {
  await stores.points.publish([vintages(ID, [['2020-01-01', '2019-02-01', '1']])]);
  await stores.directory.flush();
  const applied = vi.spyOn(PublishedVintages.prototype, 'apply');
  onTestFinished(() => applied.mockRestore());
  await confirm(300);
  const changes = applied.mock.calls.reduce((sum, [list]) => sum + list.length, 0);
  expect(changes).toBeLessThan(10);
  expect(await stores.points.publishedDays(ID)).toHaveLength(302);
});

it('is read from the footer once, and from nowhere where nothing was published', async () => {
  const other = uuid(2);
  await stores.series.create(newSeries({ id: other, externalId: 'OTHER' }));
  await stores.points.upsert([upserts(other, ['2020-01-01', '2020-02-01', '1'])]);
  await confirm(2);
  await stores.close();
  const faulty: FaultyDisk[] = [];
  stores = await openParquetStores(dataDir, {
    wrap: (inner) => {
      faulty.push(new FaultyDisk(inner));
      return faulty[0]!;
    },
  });
  faulty[0]!.arm();
  expect(await stores.points.publishedDays(other)).toEqual([]);
  expect(faulty[0]!.calls).toEqual([]);
  for (let n = 0; n < 3; n++) expect(await stores.points.publishedDays(ID)).toHaveLength(3);
  expect(faulty[0]!.calls).toEqual([{ operation: 'readTail', name: pointsFile(ID) }]);
});

it('is not known of a vintage whose commit failed', async () => {
  await confirm(1);
  await stores.close();
  const faulty: FaultyDisk[] = [];
  const reopen = () =>
    openParquetStores(dataDir, {
      wrap: (inner) => {
        faulty.push(new FaultyDisk(inner));
        return faulty.at(-1)!;
      },
    });
  stores = await reopen();
  const march = vintages(ID, [['2020-01-01', '2020-03-01', '1']]);
  expect(await stores.points.publishedDays(ID)).toHaveLength(2);
  faulty.at(-1)!.arm({ call: 1, code: 'ENOSPC', when: 'before', only: isLogWrite });
  await expect(stores.points.publish([march])).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
  faulty.at(-1)!.arm();
  expect(await stores.points.publishedDays(ID)).toHaveLength(2);
  await stores.points.publish([march]);
  expect(await stores.points.publishedDays(ID)).toHaveLength(3);
  await stores.close();
  stores = await reopen();
  expect(await stores.points.publishedDays(ID)).toHaveLength(3);
});

it('is read again where a flush replaced the file meanwhile', async () => {
  await confirm(1);
  await stores.close();
  stores = await open();
  const read = disk.holdNext(({ operation }) => operation === 'readTail');
  const answer = stores.points.publishedDays(ID);
  await read.reached;
  await stores.points.upsert([upserts(ID, ['2020-01-02', '2020-02-01', '1'])]);
  await stores.directory.flush();
  read.letGo();
  expect(await answer).toHaveLength(2);
  await stores.points.publish([vintages(ID, [['2020-01-01', '2020-03-01', '1']])]);
  expect(await stores.points.publishedDays(ID)).toHaveLength(3);
});

it('commits nothing where a vintage is published again', async () => {
  const sent = vintages(ID, [
    ['2020-01-01', '2020-02-01', '1'],
    ['2020-01-01', '2020-03-01', '1'],
  ]);
  await stores.points.publish([sent]);
  await stores.directory.flush();
  const { version } = stores.points.overview(ID);
  await stores.points.publish([sent]);
  expect(stores.points.overview(ID).version).toBe(version);
});

it('stores the vintages of all series of a call or of none', async () => {
  const known = vintages(ID, [['2020-01-01', '2020-02-01', '1']]);
  const unknown = vintages(uuid(9), [['2020-01-01', '2020-02-01', '1']]);
  await expect(stores.points.publish([known, unknown])).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  expect(stores.points.overview(ID).rows).toBe(0);
});
