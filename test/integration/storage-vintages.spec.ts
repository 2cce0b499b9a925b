// What is known of vintages goes the way of the points: through the log, both ways of writing a file, the
// start, and damage.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CalendarDate } from '../../src/core/calendar-date.js';
import { Decimal } from '../../src/core/decimal.js';
import { readFacts } from '../../src/storage/parquet/file-seal.js';
import { pointsFile } from '../../src/storage/paths.js';
import { HoldingDisk } from '../support/faulty-disk.js';
import { openParquetStores, type ParquetStores } from '../support/parquet-stores.js';
import { brief, uuid, vintages } from '../support/points.js';
import { newSeries } from '../support/stores.js';
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
