import fc from 'fast-check';
import type { Gauge } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { CalendarDate } from '../../core/calendar-date.js';
import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import type { SeriesRow } from '../../schema/series.columns.js';
import type { SeriesDelta } from '../delta/series-delta.js';
import {
  overviewOf,
  SeriesCatalog,
  type CatalogEntry,
  type PointsFile,
  type Quarantined,
} from './series-catalog.js';

function newCatalog() {
  const values = { series: -1, quarantined: -1 };
  const gauge = (name: keyof typeof values) =>
    ({ set: (value: number) => (values[name] = value) }) as unknown as Gauge;
  return { catalog: new SeriesCatalog(gauge('series'), gauge('quarantined')), values };
}

const uuid = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}` as Uuid;
const SOURCE = uuid(900);

function rowOf(n: number, changes: Partial<SeriesRow> = {}): SeriesRow {
  return {
    id: uuid(n),
    sourceId: SOURCE,
    externalId: `EXT${n}`,
    title: `Title ${n}`,
    description: null,
    units: 'Percent',
    frequency: 'MONTHLY',
    seasonalAdjustment: null,
    startDate: null,
    endDate: 42 as CalendarDate,
    isActive: true,
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

function deltaOf(n: number): SeriesDelta {
  const { summary, throughSeq } = fileOf(n);
  return { summary, throughSeq: throughSeq + 1 } as SeriesDelta;
}

const EMPTY = { rows: 0, firstDate: null, lastDate: null, lastRevisionDate: null };

describe('an entry', () => {
  it('is its row, its file and its changes', () => {
    const { catalog } = newCatalog();
    catalog.putRow(rowOf(1));
    expect(catalog.get(uuid(1))).toEqual({ row: rowOf(1), file: null, delta: null });
    catalog.putFile(uuid(1), fileOf(1));
    const delta = deltaOf(2);
    catalog.putDelta(uuid(1), delta);
    const changed = rowOf(1, { externalId: 'NEW', units: null, isActive: false });
    catalog.putRow(changed);
    expect(catalog.require(uuid(1))).toEqual({ row: changed, file: fileOf(1), delta });
    expect(catalog.row(uuid(1))).toEqual(changed);
    expect(catalog.file(uuid(1))).toEqual(fileOf(1));
    expect([...catalog.deltas()]).toEqual([[uuid(1), delta]]);
    catalog.putFile(uuid(1), null);
    catalog.putDelta(uuid(1), null);
    expect(catalog.get(uuid(1))).toEqual({ row: changed, file: null, delta: null });
  });

  it.each([
    ['one row group', [3]],
    ['no row group where the file does not tell', []],
    ['several row groups', [3, 3, 7, 2000]],
    ['one row group that begins elsewhere', [2]],
  ])('keeps the dates of %s', (_, dates) => {
    const { catalog } = newCatalog();
    const file = fileOf(3, { rowGroupDates: dates as CalendarDate[] });
    catalog.putRow(rowOf(1));
    catalog.putFile(uuid(1), file);
    expect(catalog.get(uuid(1))!.file).toEqual(file);
    catalog.putFile(uuid(1), fileOf(3));
    expect(catalog.get(uuid(1))!.file).toEqual(fileOf(3));
  });

  it('may have a file without rows', () => {
    const { catalog } = newCatalog();
    const file = fileOf(3, { summary: EMPTY, rowGroupDates: [] });
    catalog.putRow(rowOf(1));
    catalog.putFile(uuid(1), file);
    expect(catalog.get(uuid(1))!.file).toEqual(file);
  });

  it('is not found where it is unknown', () => {
    const { catalog } = newCatalog();
    expect(catalog.get(uuid(1))).toBeUndefined();
    expect(catalog.row(uuid(1))).toBeUndefined();
    expect(catalog.file(uuid(1))).toBeNull();
    expect(catalog.has(uuid(1))).toBe(false);
    expect(() => catalog.require(uuid(1))).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
    catalog.putFile(uuid(1), fileOf(1));
    catalog.putDelta(uuid(1), null);
    expect(catalog.has(uuid(1))).toBe(false);
    expect(() => catalog.putDelta(uuid(1), deltaOf(1))).toThrow('no metadata');
  });
});

describe('the overview of an entry', () => {
  const entry = (changes: Partial<CatalogEntry>) => {
    return { row: rowOf(1), file: null, delta: null, ...changes };
  };

  it('is empty without points', () => {
    expect(overviewOf(entry({}))).toEqual({ ...EMPTY, bytes: 0, version: null });
  });

  it('is that of the file, unless changes wait', () => {
    const file = fileOf(1);
    const delta = deltaOf(2);
    const { throughSeq: version, bytes } = file;
    expect(overviewOf(entry({ file }))).toEqual({ ...file.summary, bytes, version });
    expect(overviewOf(entry({ file, delta }))).toEqual({
      ...delta.summary,
      bytes,
      version: delta.throughSeq,
    });
    expect(overviewOf(entry({ delta }))).toMatchObject({ bytes: 0, version: delta.throughSeq });
  });
});

describe('a quarantined series', () => {
  it('is hidden where its metadata is damaged, known or not', () => {
    const { catalog, values } = newCatalog();
    catalog.putRow(rowOf(1));
    catalog.setQuarantine(uuid(1), 'series');
    catalog.setQuarantine(uuid(2), 'series');
    for (const id of [uuid(1), uuid(2)]) {
      for (const read of ['get', 'row', 'require', 'requirePoints'] as const) {
        expect(() => catalog[read](id)).toThrow(expect.objectContaining({ code: 'STORAGE_ERROR' }));
      }
    }
    expect([...catalog.rows()]).toEqual([]);
    expect([...catalog.readable()]).toEqual([]);
    expect(catalog.findByExternalId('EXT1')).toEqual([]);
    expect([catalog.has(uuid(1)), catalog.has(uuid(2))]).toEqual([true, false]);
    expect([catalog.size, catalog.quarantinedCount]).toEqual([0, 2]);
    expect(values).toEqual({ series: 0, quarantined: 2 });

    catalog.clearQuarantine(uuid(1));
    expect(catalog.row(uuid(1))).toEqual(rowOf(1));
    expect(values).toEqual({ series: 1, quarantined: 1 });
  });

  it('shows its metadata where only its points are damaged', () => {
    const { catalog } = newCatalog();
    catalog.putRow(rowOf(1));
    catalog.setQuarantine(uuid(1), 'points');
    expect(catalog.require(uuid(1)).row).toEqual(rowOf(1));
    expect([...catalog.rows()]).toEqual([rowOf(1)]);
    expect([...catalog.readable()]).toEqual([]);
    expect(catalog.findByExternalId('EXT1')).toEqual([rowOf(1)]);
    expect(() => catalog.requirePoints(uuid(1))).toThrow(/points of series .* are damaged/);
  });

  it('keeps its external id', () => {
    const { catalog } = newCatalog();
    catalog.putRow(rowOf(1));
    catalog.setQuarantine(uuid(1), 'series');
    expect(() => catalog.reserve(rowOf(2, { externalId: 'EXT1' }))).toThrow(
      expect.objectContaining({
        code: 'CONFLICT',
        details: expect.objectContaining({ id: uuid(1) }),
      }),
    );
  });
});

describe('an external id', () => {
  it('may be that of several sources', () => {
    const { catalog } = newCatalog();
    const other = uuid(901);
    const rows = [3, 1, 2].map((n) => rowOf(n, { externalId: 'GDP', sourceId: uuid(900 + n) }));
    for (const row of rows) catalog.putRow(row);
    expect(catalog.findByExternalId('GDP').map(({ id }) => id)).toEqual([1, 2, 3].map(uuid));
    expect(catalog.findByExternalId('GDP', other)).toEqual([rows[1]]);
    catalog.delete(uuid(2));
    expect(catalog.findByExternalId('GDP').map(({ id }) => id)).toEqual([1, 3].map(uuid));
    catalog.putRow(rowOf(1, { externalId: 'OTHER' }));
    expect(catalog.findByExternalId('GDP')).toEqual([rows[0]]);
    catalog.delete(uuid(3));
    expect(catalog.findByExternalId('GDP')).toEqual([]);
  });

  it('is held for one series at a time, until the hold is given up', () => {
    const { catalog } = newCatalog();
    const release = catalog.reserve(rowOf(1));
    const rival = rowOf(2, { externalId: 'EXT1' });
    expect(() => catalog.reserve(rival)).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
    expect(() => catalog.reserve({ ...rival, sourceId: uuid(901) })).not.toThrow();
    release();
    catalog.reserve(rival)();
    catalog.putRow(rowOf(1));
    catalog.reserve(rowOf(1))();
    expect(() => catalog.reserve(rival)).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
  });
});

describe('a scan', () => {
  it('shows each series that is there from beginning to end once, whatever changes meanwhile', () => {
    const { catalog } = newCatalog();
    for (let n = 10; n < 20; n += 1) catalog.putRow(rowOf(n));
    const seen: number[] = [];
    for (const { createdAt } of catalog.rows()) {
      const n = createdAt - rowOf(0).createdAt;
      seen.push(n);
      // Before and behind where the scan is; the second takes over the slot of the one that goes.
      if (n === 12) catalog.putRow(rowOf(5));
      if (n === 13) catalog.delete(uuid(15));
      if (n === 14) catalog.putRow(rowOf(30));
      if (n === 16) catalog.delete(uuid(11));
      if (n === 17) catalog.setQuarantine(uuid(18), 'series');
    }
    expect(seen).toEqual([10, 11, 12, 13, 14, 16, 17, 19]);
    expect([...catalog.rows()].map(({ id }) => id)).toEqual(
      [5, 10, 12, 13, 14, 16, 17, 19, 30].map(uuid),
    );
  });

  it('comes in blocks for whoever saves it, quarantined series included', () => {
    const { catalog } = newCatalog();
    for (const n of [4, 2, 0, 3, 1]) catalog.putRow(rowOf(n));
    catalog.setQuarantine(uuid(2), 'series');
    const blocks = [...catalog.blocks(2)].map(({ table, slots, quarantined }) =>
      [...slots].map((slot) => [table.row(slot).title, quarantined(slot)]),
    );
    expect(blocks).toEqual([
      [
        ['Title 0', null],
        ['Title 1', null],
      ],
      [
        ['Title 2', 'series'],
        ['Title 3', null],
      ],
      [['Title 4', null]],
    ]);
  });
});

describe('a deleted series', () => {
  it('leaves nothing to the series that gets its place', () => {
    const { catalog } = newCatalog();
    catalog.putRow(rowOf(1, { description: 'about 1' }));
    catalog.putFile(uuid(1), fileOf(1, { rowGroupDates: [1, 2] as CalendarDate[] }));
    catalog.putDelta(uuid(1), deltaOf(1));
    catalog.setQuarantine(uuid(1), 'points');
    catalog.delete(uuid(1));
    expect(catalog.get(uuid(1))).toBeUndefined();
    expect([...catalog.deltas(), ...catalog.quarantined(), ...catalog.rows()]).toEqual([]);
    catalog.putRow(rowOf(2));
    expect(catalog.get(uuid(2))).toEqual({ row: rowOf(2), file: null, delta: null });
    expect(catalog.findByExternalId('EXT1')).toEqual([]);
  });
});

interface Known {
  row: SeriesRow | null;
  file: PointsFile | null;
  delta: SeriesDelta | null;
  quarantined: Quarantined | null;
}

describe('the catalogue', () => {
  const n = fc.nat({ max: 11 });
  const step = fc.oneof(
    fc.record({ put: n, externalId: fc.constantFrom('A', 'B', 'C'), source: fc.nat({ max: 2 }) }),
    fc.record({ file: n, with: fc.option(fc.nat({ max: 50 })) }),
    fc.record({ delta: n, with: fc.option(fc.nat({ max: 50 })) }),
    fc.record({ quarantine: n, as: fc.constantFrom('series', 'points', null) }),
    fc.record({ delete: n }),
  );

  it('says what a map of objects would say', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { catalog, values } = newCatalog();
        const model = new Map<Uuid, Known>();
        const known = (id: Uuid) =>
          model.get(id) ?? { row: null, file: null, delta: null, quarantined: null };
        const change = (id: Uuid, changes: Partial<Known>) => {
          const next = { ...known(id), ...changes };
          if (next.row || next.quarantined || next.delta) model.set(id, next);
          else model.delete(id);
        };
        for (const step of steps) {
          if ('put' in step) {
            const { externalId, source } = step;
            const row = rowOf(step.put, { externalId, sourceId: uuid(900 + source) });
            catalog.putRow(row);
            change(row.id, { row });
          } else if ('file' in step) {
            const file = step.with === null ? null : fileOf(step.with);
            catalog.putFile(uuid(step.file), file);
            if (known(uuid(step.file)).row) change(uuid(step.file), { file });
          } else if ('delta' in step) {
            const id = uuid(step.delta);
            const delta = step.with === null ? null : deltaOf(step.with);
            if (delta && !known(id).row && !known(id).quarantined) continue;
            catalog.putDelta(id, delta);
            change(id, { delta });
          } else if ('quarantine' in step) {
            const id = uuid(step.quarantine);
            if (step.as === null) catalog.clearQuarantine(id);
            else catalog.setQuarantine(id, step.as);
            change(id, { quarantined: step.as });
          } else {
            catalog.delete(uuid(step.delete));
            model.delete(uuid(step.delete));
          }
        }
        const all = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
        const shown = all.flatMap(([, { row, quarantined }]) =>
          row && quarantined !== 'series' ? [row] : [],
        );
        expect([...catalog.rows()]).toEqual(shown);
        expect([...catalog.readable()]).toEqual(
          all.flatMap(([, { row, file, delta, quarantined }]) =>
            row && !quarantined ? [[row, overviewOf({ file, delta })]] : [],
          ),
        );
        const sorted = <T>(pairs: Iterable<readonly [Uuid, T]>) => new Map(pairs);
        expect(sorted(catalog.deltas())).toEqual(
          sorted(all.flatMap(([id, { delta }]) => (delta ? [[id, delta] as const] : []))),
        );
        expect(sorted(catalog.quarantined())).toEqual(
          sorted(all.flatMap(([id, { quarantined: q }]) => (q ? [[id, q] as const] : []))),
        );
        for (const externalId of ['A', 'B', 'C']) {
          for (const sourceId of [undefined, uuid(900), uuid(902)]) {
            expect(catalog.findByExternalId(externalId, sourceId)).toEqual(
              shown.filter(
                (row) =>
                  row.externalId === externalId && (sourceId ?? row.sourceId) === row.sourceId,
              ),
            );
          }
        }
        for (let n = 0; n < 12; n += 1) {
          const { row, file, delta, quarantined } = known(uuid(n));
          expect(catalog.has(uuid(n))).toBe(row !== null);
          expect(catalog.isQuarantined(uuid(n))).toBe(quarantined !== null);
          if (quarantined === 'series') expect(() => catalog.get(uuid(n))).toThrow('not served');
          else expect(catalog.get(uuid(n))).toEqual(row ? { row, file, delta } : undefined);
        }
        expect(catalog.size).toBe(shown.length);
        if (steps.some((step) => 'put' in step)) expect(values.series).toBe(shown.length);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the series that changed since a commit', () => {
  const T = 1_700_000_000_000_000;
  const changed = (catalog: SeriesCatalog, since: number) => [
    ...catalog.changedAfter((T + since) as Instant),
  ];

  function filled() {
    const { catalog } = newCatalog();
    for (const n of [4, 1, 3, 2, 5]) catalog.putRow(rowOf(n));
    // A file, changes only, changes over a file, nothing at all, a file that is older than the others.
    catalog.putFile(uuid(1), fileOf(10));
    catalog.putDelta(uuid(2), deltaOf(19));
    catalog.putFile(uuid(3), fileOf(5));
    catalog.putDelta(uuid(3), deltaOf(29));
    catalog.putFile(uuid(5), fileOf(5));
    return catalog;
  }

  it('are those whose file or changes reach beyond it, in the order of their ids', () => {
    const catalog = filled();
    expect(changed(catalog, 0)).toEqual([uuid(1), uuid(2), uuid(3), uuid(5)]);
    expect(changed(catalog, 5)).toEqual([uuid(1), uuid(2), uuid(3)]);
    expect(changed(catalog, 9)).toEqual([uuid(1), uuid(2), uuid(3)]);
    expect(changed(catalog, 10)).toEqual([uuid(2), uuid(3)]);
    expect(changed(catalog, 20)).toEqual([uuid(3)]);
    expect(changed(catalog, 30)).toEqual([]);
  });

  it('are the damaged ones too', () => {
    const catalog = filled();
    catalog.setQuarantine(uuid(1), 'points');
    catalog.setQuarantine(uuid(3), 'series');
    expect(changed(catalog, 9)).toEqual([uuid(1), uuid(2), uuid(3)]);
  });

  it('are told as they are when their turn comes, however long the reader takes', () => {
    const catalog = filled();
    const found: Uuid[] = [];
    for (const id of catalog.changedAfter((T + 9) as Instant)) {
      found.push(id);
      if (id !== uuid(1)) continue;
      catalog.delete(uuid(2));
      // In the slot of the one that went.
      catalog.putRow(rowOf(9));
      catalog.putFile(uuid(9), fileOf(90));
      catalog.putFile(uuid(5), fileOf(50));
    }
    expect(found).toEqual([uuid(1), uuid(3), uuid(5)]);
  });
});
