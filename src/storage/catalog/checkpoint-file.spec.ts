import { crc32c } from '@node-rs/crc32';
import { RecordBatchReader, tableFromIPC, tableToIPC, Table, Schema } from 'apache-arrow';
import fc from 'fast-check';
import type { Gauge } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { CalendarDate } from '../../core/calendar-date.js';
import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import type { SeriesRow } from '../../schema/series.columns.js';
import type { SeriesDelta } from '../delta/series-delta.js';
import { DamagedFileError, NewerFormatError } from '../parquet/file-seal.js';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint-file.js';
import { SeriesCatalog, type PointsFile, type Quarantined } from './series-catalog.js';

const gauge = { set: () => undefined } as unknown as Gauge;
const newCatalog = () => new SeriesCatalog(gauge, gauge);
const FACTS = { flushedThrough: 1_700_000_000_000_123 as Instant };
const TRAILER_BYTES = 16;

const uuid = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}` as Uuid;

function rowOf(n: number, changes: Partial<SeriesRow> = {}): SeriesRow {
  return {
    id: uuid(n),
    sourceId: uuid(900 + (n % 3)),
    externalId: `EXT${n}`,
    title: `Title ${n}`,
    description: n % 3 === 0 ? `Description ${n}` : null,
    units: n % 2 === 0 ? `Units ${n % 10}` : null,
    frequency: 'MONTHLY',
    seasonalAdjustment: null,
    startDate: null,
    endDate: n as CalendarDate,
    isActive: n % 4 !== 0,
    createdAt: (1_700_000_000_000_000 + n) as Instant,
    updatedAt: (1_700_000_000_000_001 + n) as Instant,
    ...changes,
  };
}

function fileOf(n: number, changes: Partial<PointsFile> = {}): PointsFile {
  return {
    sha256: n.toString(16).padStart(64, 'a'),
    throughSeq: (1_700_000_000_000_000 + n) as Instant,
    bytes: 1000 + n,
    summary: {
      rows: 10 + n,
      firstDate: n as CalendarDate,
      lastDate: (n + 5) as CalendarDate,
      lastRevisionDate: (n + 9) as CalendarDate,
    },
    rowGroupDates: [n as CalendarDate],
    hasVintages: n % 3 === 0,
    ...changes,
  };
}

/** All that a checkpoint is to keep. */
function contentOf(catalog: SeriesCatalog) {
  return [...catalog.blocks(1000)].flatMap(({ table, slots, quarantined }) =>
    [...slots].map((slot) => [table.row(slot), table.file(slot), quarantined(slot)]),
  );
}

async function reloaded(catalog: SeriesCatalog): Promise<SeriesCatalog> {
  const checkpoint = decodeCheckpoint(await encodeCheckpoint(catalog, FACTS));
  expect(checkpoint.facts).toEqual(FACTS);
  const loaded = newCatalog();
  checkpoint.loadInto(loaded);
  expect(loaded.size).toBe([...loaded.rows()].length);
  return loaded;
}

function filled(count: number): SeriesCatalog {
  const catalog = newCatalog();
  for (let n = 0; n < count; n += 1) {
    catalog.putRow(rowOf(n));
    if (n % 5 !== 0) catalog.putFile(uuid(n), fileOf(n));
  }
  return catalog;
}

describe('a checkpoint', () => {
  it('keeps every row and file', async () => {
    const date = fc.integer({ min: CalendarDate.MIN, max: CalendarDate.MAX });
    const instant = fc.integer({ min: -(2 ** 52), max: Number.MAX_SAFE_INTEGER });
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string());
    const row = fc.record({
      sourceId: fc.constantFrom(uuid(900), uuid(901)),
      externalId: text,
      title: text,
      description: fc.option(text),
      units: fc.option(text),
      frequency: fc.constantFrom('MONTHLY', 'DAILY', ''),
      seasonalAdjustment: fc.option(fc.constantFrom('NSA', 'SA')),
      startDate: fc.option(date),
      endDate: fc.option(date),
      isActive: fc.boolean(),
      createdAt: instant,
      updatedAt: instant,
    });
    const summary = fc.oneof(
      fc.record({
        rows: fc.integer({ min: 1, max: 2 ** 33 }),
        firstDate: date,
        lastDate: date,
        lastRevisionDate: date,
      }),
      fc.constant({ rows: 0, firstDate: null, lastDate: null, lastRevisionDate: null }),
    );
    const file = fc.record({
      sha256: fc.string({
        unit: fc.constantFrom(...'123456789abcdef0'),
        minLength: 64,
        maxLength: 64,
      }),
      throughSeq: instant,
      bytes: fc.integer({ min: 0, max: 2 ** 40 }),
      summary,
      rowGroupDates: fc.array(date, { maxLength: 3 }),
    });
    const quarantined = fc.constantFrom<(Quarantined | null)[]>(null, null, 'series', 'points');
    const series = fc.array(fc.tuple(row, fc.option(file), quarantined), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(series, async (all) => {
        const catalog = newCatalog();
        all.forEach(([row, file, quarantined], n) => {
          catalog.putRow({ ...row, id: uuid(n) } as SeriesRow);
          if (file && !/^0*$/.test(file.sha256))
            catalog.putFile(uuid(n), file as unknown as PointsFile);
          if (quarantined) catalog.setQuarantine(uuid(n), quarantined);
        });
        expect(contentOf(await reloaded(catalog))).toEqual(contentOf(catalog));
      }),
      { numRuns: 100 },
    );
  });

  it('keeps the ends of the calendar, and texts of all lengths of characters', async () => {
    const catalog = newCatalog();
    const title = 'Öl — 中国 GDP 📈';
    catalog.putRow(rowOf(1, { title, startDate: CalendarDate.MIN, endDate: CalendarDate.MAX }));
    // Alone, neither half of a pair is a character; next to each other they must not become one.
    catalog.putRow(rowOf(2, { title: 'a\ud83d' }));
    catalog.putRow(rowOf(3, { title: '\udcc8b' }));
    const loaded = await reloaded(catalog);
    expect(loaded.row(uuid(1))).toEqual(catalog.row(uuid(1)));
    expect(loaded.row(uuid(2))!.title).toBe('a\ufffd');
    expect(loaded.row(uuid(3))!.title).toBe('\ufffdb');
  });

  it('of more series than a block takes is read by other readers of Arrow too', async () => {
    const catalog = filled(5000);
    expect(contentOf(await reloaded(catalog))).toEqual(contentOf(catalog));
    const bytes = await encodeCheckpoint(catalog, FACTS);
    const table = tableFromIPC(bytes.subarray(0, -TRAILER_BYTES));
    expect(table.numRows).toBe(5000);
    expect(table.schema.metadata.get('flushed_through')).toBe(String(FACTS.flushedThrough));
    const { title, units, source_id: source } = table.get(4321)!.toJSON();
    expect([title, units, source]).toEqual(['Title 4321', null, uuid(901)]);
  });

  it('may be empty', async () => {
    expect(contentOf(await reloaded(newCatalog()))).toEqual([]);
  });

  it('leaves out what is not in files, and series of which only the damage is known', async () => {
    const catalog = filled(3);
    const { summary, throughSeq } = fileOf(9);
    catalog.putDelta(uuid(1), { summary, throughSeq } as SeriesDelta);
    catalog.setQuarantine(uuid(2), 'series');
    catalog.setQuarantine(uuid(8), 'series');
    const loaded = await reloaded(catalog);
    expect([...loaded.deltas()]).toEqual([]);
    expect([...loaded.quarantined()]).toEqual([[uuid(2), 'series']]);
    expect(loaded.get(uuid(1))).toEqual({ row: rowOf(1), file: fileOf(1), delta: null });
    expect(() => loaded.reserve(rowOf(7, rowOf(2)))).not.toThrow();
    expect(() => loaded.reserve({ ...rowOf(2), id: uuid(7) })).toThrow('already has');
  });

  it('is loaded into a catalogue that goes on like any other', async () => {
    const loaded = await reloaded(filled(100));
    loaded.delete(uuid(50));
    loaded.putRow(rowOf(200, { externalId: 'EXT7', sourceId: uuid(999) }));
    loaded.putRow(rowOf(60, { title: 'changed' }));
    loaded.putFile(uuid(200), fileOf(200));
    expect(loaded.size).toBe(100);
    expect(loaded.findByExternalId('EXT7').map(({ id }) => id)).toEqual([uuid(7), uuid(200)]);
    expect(contentOf(await reloaded(loaded))).toEqual(contentOf(loaded));
    const bytes = await encodeCheckpoint(loaded, FACTS);
    expect(() => decodeCheckpoint(bytes).loadInto(loaded)).toThrow('only an empty catalogue');
  });

  it('lets series change while it is made, and holds each as it was at one moment', async () => {
    const catalog = filled(6000);
    const encoding = encodeCheckpoint(catalog, FACTS);
    catalog.delete(uuid(5999));
    catalog.putRow(rowOf(7000));
    catalog.delete(uuid(1));
    catalog.putRow(rowOf(5998, { title: 'changed', updatedAt: 5 as Instant }));
    catalog.putFile(uuid(5998), fileOf(1));
    const loaded = newCatalog();
    decodeCheckpoint(await encoding).loadInto(loaded);
    // Of the first block already, of the last not yet.
    expect(loaded.row(uuid(1))).toEqual(rowOf(1));
    expect(loaded.has(uuid(5999))).toBe(false);
    expect(loaded.has(uuid(7000))).toBe(false);
    expect(loaded.get(uuid(5998))).toEqual(catalog.get(uuid(5998)));
    expect(loaded.size).toBe(5999);
  });

  it('lets other work run while it is made', async () => {
    const catalog = filled(10_000);
    let turns = 0;
    let done = false;
    const turn = () => {
      turns += 1;
      if (!done) setImmediate(turn);
    };
    setImmediate(turn);
    await encodeCheckpoint(catalog, FACTS);
    done = true;
    expect(turns).toBeGreaterThanOrEqual(4);
  });
});

/** With a trailer that is right for it. */
function sealed(stream: Uint8Array): Uint8Array {
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.write('ECGCKPT1');
  trailer.writeUInt32LE(crc32c(Buffer.concat([stream, trailer.subarray(0, 8)])), 8);
  trailer.writeUInt32LE(stream.byteLength, 12);
  return Buffer.concat([stream, trailer]);
}

describe('what is not a whole checkpoint', () => {
  it('is refused, wherever a bit is wrong', async () => {
    const bytes = Buffer.from(await encodeCheckpoint(filled(40), FACTS));
    const step = 7;
    for (let at = 0; at < bytes.length; at += at < bytes.length - 64 ? step : 1) {
      bytes[at]! ^= 1 << (at % 8);
      expect(() => decodeCheckpoint(bytes), `byte ${at}`).toThrow(DamagedFileError);
      bytes[at]! ^= 1 << (at % 8);
    }
    expect(decodeCheckpoint(bytes).size).toBe(40);
  });

  it('is refused where it ends early or goes on', async () => {
    const bytes = Buffer.from(await encodeCheckpoint(filled(40), FACTS));
    for (const length of [0, 1, 15, 16, 100, bytes.length - 16, bytes.length - 1]) {
      expect(() => decodeCheckpoint(bytes.subarray(0, length))).toThrow(DamagedFileError);
    }
    expect(() => decodeCheckpoint(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(DamagedFileError);
    expect(() => decodeCheckpoint(Buffer.concat([Buffer.of(0), bytes]))).toThrow(DamagedFileError);
  });

  it('is refused where the checksum is right and the content wrong', async () => {
    const bytes = await encodeCheckpoint(filled(3), FACTS);
    const table = tableFromIPC(bytes.subarray(0, -TRAILER_BYTES));
    const reject = (changed: Table) =>
      expect(() => decodeCheckpoint(sealed(tableToIPC(changed, 'stream')))).toThrow(
        DamagedFileError,
      );
    expect(decodeCheckpoint(sealed(tableToIPC(table, 'stream'))).size).toBe(3);
    const without = (name: string) =>
      table.select(table.schema.names.filter((other) => other !== name) as string[]);
    for (const name of [
      'id',
      'title',
      'created_at',
      'file_sha256',
      'file_rows',
      'file_first_date',
    ]) {
      reject(without(name));
    }
    reject(table.concat(table));
    reject(
      table.assign(
        table.select(['file_bytes']).assign(new Table({ title: table.getChild('file_bytes')! })),
      ),
    );
    expect(() => decodeCheckpoint(sealed(Buffer.from('not Arrow')))).toThrow(DamagedFileError);
  });

  it('is read where a column is absent that may be null', async () => {
    const bytes = await encodeCheckpoint(filled(3), FACTS);
    const table = tableFromIPC(bytes.subarray(0, -TRAILER_BYTES));
    const names = table.schema.names.filter((name) => name !== 'units') as string[];
    const loaded = newCatalog();
    decodeCheckpoint(sealed(tableToIPC(table.select(names), 'stream'))).loadInto(loaded);
    expect([...loaded.rows()].map(({ units }) => units)).toEqual([null, null, null]);
  });

  it('stops the start where a later release wrote it', async () => {
    const bytes = await encodeCheckpoint(filled(3), FACTS);
    const batches = [...RecordBatchReader.from(bytes.subarray(0, -TRAILER_BYTES))];
    const { fields, metadata } = batches[0]!.schema;
    const newer = new Schema(fields, new Map(metadata).set('format_version', '3'));
    const stream = tableToIPC(new Table(newer, batches), 'stream');
    expect(() => decodeCheckpoint(sealed(stream))).toThrow(NewerFormatError);
  });

  it('is read from bytes that begin anywhere in memory', async () => {
    const bytes = await encodeCheckpoint(filled(50), FACTS);
    const memory = new Uint8Array(bytes.length + 3);
    memory.set(bytes, 3);
    expect(decodeCheckpoint(memory.subarray(3)).size).toBe(50);
  });
});
