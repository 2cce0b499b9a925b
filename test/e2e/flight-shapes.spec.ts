// Uploads and streams of every shape, well-formed or not: a call ends, in time and with a reason, and what it
// was told to be wrong left nothing behind.

import { once } from 'node:events';
import { connect } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { Table, vectorFromArray, Utf8, Int32 } from 'apache-arrow';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Uuid } from '../../src/core/uuid.js';
import { DataPointsStore } from '../../src/storage/data-points-store.js';
import {
  batchFrame,
  bool,
  date32,
  days32,
  decimal,
  dictionary,
  dictionaryFrame,
  float,
  framed,
  int,
  largeUtf8,
  nulls,
  onlyMetadata,
  schemaFrame,
  streamFrames,
  timestamp,
  utf8,
  utf8View,
  type Column,
  type Columns,
  type Frame,
  type Layout,
} from '../support/arrow-frames.js';
import { createSeries, readPoints, succeeded } from '../support/factories.js';
import {
  codeOf,
  collected,
  detailsOf,
  expectRefusedField,
  FlightTestClient,
  frameBytes,
  metric,
  ticketBytes,
  type PutEnd,
} from '../support/flight-client.js';
import { startRelay } from '../support/relay.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const MESSAGE_BYTES_MAX = 65_536;

let app: TestApp;
let client: FlightTestClient;
/** A series without points, anew for each test. */
let id: string;

beforeAll(async () => {
  app = await startTestApp({ flightMessageBytesMax: MESSAGE_BYTES_MAX });
  client = new FlightTestClient(app.flightPort);
});
beforeEach(async () => {
  ({ id } = await createSeries(app));
});
afterAll(async () => {
  client.close();
  await app.close();
});

const put = (frames: readonly Frame[]) => client.put(['data_points', id], frames);

/** `date value` of what is stored. */
async function brief(seriesId = id, of = app): Promise<string[]> {
  return (await readPoints(of, seriesId)).map(({ date, value }) => `${date} ${value}`);
}

/** Asserts that the message was refused, with these words, and nothing is stored. */
async function expectMalformed(end: Promise<PutEnd>, words: string): Promise<void> {
  const { error, results } = await end;
  expectRefusedField(error, 'message');
  expect(error!.details).toContain(words);
  expect(results.at(-1)!.error).toMatchObject({ code: 'VALIDATION_ERROR' });
  expect(await brief()).toEqual([]);
}

function twoRows(): Columns {
  return { date: date32(['2024-01-01', '2024-02-01']), value: float(64, [1, 2]) };
}

const TWO = ['2024-01-01 1', '2024-02-01 2'];

describe('shapes that are allowed', () => {
  it('a stream without a batch, and empty batches', async () => {
    const columns = twoRows();
    expect(await put([schemaFrame(columns)])).toEqual({
      results: [{ rows: 0, stored: true, added: 0, revised: 0, unchanged: 0 }],
      error: undefined,
    });
    const empty = { date: date32([]), value: float(64, []), value_exact: utf8([]) };
    // Of no rows there need not be an offset either.
    const bare = {
      ...empty.value_exact,
      buffers: [new Uint8Array(), new Uint8Array(), new Uint8Array()],
    };
    const all = [date32([]), float(64, []), utf8([])];
    const end = await put([
      schemaFrame(empty),
      batchFrame(all),
      batchFrame([date32(['2024-01-01']), float(64, [1]), utf8([null])]),
      batchFrame([all[0]!, all[1]!, bare]),
    ]);
    expect(end.error).toBeUndefined();
    expect(end.results.map(({ rows }) => rows)).toEqual([0, 1, 0, 1]);
    expect(await brief()).toEqual(['2024-01-01 1']);
  });

  it('slices: texts that begin inside their buffer', async () => {
    const date = date32(['2024-01-01', '2024-02-01']);
    const texts = utf8(['garbage', '1', '22']);
    const [, offsets, characters] = texts.buffers;
    const sliced = {
      ...texts,
      length: 2,
      buffers: [new Uint8Array(), offsets!.subarray(4), characters!],
    };
    expect((await put(streamFrames({ date, value: sliced }))).error).toBeUndefined();
    expect(await brief()).toEqual(['2024-01-01 1', '2024-02-01 22']);
    const table = new Table({
      date: vectorFromArray(['2023-01-01', '2023-02-01', '2023-03-01', '2023-04-01'], new Utf8()),
      value: vectorFromArray([1, 2, null, 4], new Int32()),
    });
    expect((await put(framed(table.slice(1, 4)))).error).toBeUndefined();
    expect((await brief()).slice(0, 3)).toEqual([
      '2023-02-01 2',
      '2023-03-01 null',
      '2023-04-01 4',
    ]);
  });

  it('buffers longer than their rows, and of bodies at any offset', async () => {
    const columns = {
      date: timestamp(
        2,
        [0n, 86_400_000_000n, null].map((value) => value ?? 172_800_000_000n),
      ),
      value: decimal(128, 2, [150n, null, -1n]),
      value_exact: utf8View([null, null, '0.1234567890123456789']),
      is_original_release: bool([true, null, false]),
      created_at: largeUtf8(['a', null, 'c']),
      updated_at: dictionary(3, 16, [0, null, 1], float(32, [1, 2])),
    };
    const expected = ['1970-01-01 1.5', '1970-01-02 null', '1970-01-03 0.1234567890123456789'];
    for (const lead of [0, 1, 2, 3, 5, 7, 8, 13]) {
      for (const alignment of [1, 2, 4, 64]) {
        const all = Object.values(columns);
        const frames = [
          schemaFrame(columns),
          dictionaryFrame(columns.updated_at.dictionary!, false, { lead, alignment }),
          batchFrame(all, { lead, alignment }),
        ];
        const { error } = await put(frames);
        expect(error).toBeUndefined();
      }
    }
    expect(await brief()).toEqual(expected);
  });

  it('columns of nulls', async () => {
    const columns = {
      ...twoRows(),
      value: float(64, [null, null]),
      revision_date: nulls(2),
      value_exact: dictionary(1, 8, [null, null], utf8([])),
      is_original_release: bool([null, null]),
    };
    expect((await put(streamFrames(columns))).error).toBeUndefined();
    expect(await brief()).toEqual(['2024-01-01 null', '2024-02-01 null']);
  });

  it('a count of nulls of 0 beside a validity buffer, which is then not looked at', async () => {
    const value = {
      ...float(64, [1, 2]),
      buffers: [Uint8Array.of(0), ...float(64, [1, 2]).buffers.slice(1)],
    };
    expect((await put(streamFrames({ ...twoRows(), value }))).error).toBeUndefined();
    expect(await brief()).toEqual(TWO);
  });
});

describe('dictionaries', () => {
  const date = date32(['2024-01-01', '2024-02-01']);
  const columns = (texts: (string | null)[], indices = [0, 1], bits = 8) => ({
    date,
    value: dictionary(4, bits, indices, utf8(texts)),
  });

  it('are replaced between batches', async () => {
    const later = { ...columns(['3', '4']), date: date32(['2024-03-01', '2024-04-01']) };
    expect((await put(streamFrames(columns(['1', '2']), later))).error).toBeUndefined();
    expect(await brief()).toEqual([...TWO, '2024-03-01 3', '2024-04-01 4']);
  });

  it('stay until they are replaced', async () => {
    const [schema, texts, batch] = streamFrames(columns(['1', '2']));
    const again = batchFrame([
      date32(['2024-03-01', '2024-04-01']),
      columns(['1', '2'], [1, 0]).value,
    ]);
    expect((await put([schema!, texts!, batch!, again])).error).toBeUndefined();
    expect(await brief()).toEqual([...TWO, '2024-03-01 2', '2024-04-01 1']);
  });

  it.each<[string, () => Frame[], string]>([
    [
      'missing',
      () => {
        const [schema, , batch] = streamFrames(columns(['1', '2']));
        return [schema!, batch!];
      },
      'did not come',
    ],
    [
      'of another column',
      () => [
        schemaFrame(columns([])),
        dictionaryFrame({ id: 5, indexBits: 8, values: utf8(['1']) }),
      ],
      'dictionary 5',
    ],
    [
      'growing',
      () => {
        const { value } = columns(['1', '2']);
        return [schemaFrame(columns([])), dictionaryFrame(value.dictionary!, true)];
      },
      'grows',
    ],
    ['too short', () => streamFrames(columns(['1'])), 'index 1'],
    ['empty', () => streamFrames(columns([])), 'index 0'],
    ['with a negative index', () => streamFrames(columns(['1', '2'], [0, -1])), 'index -1'],
    [
      'with an index beyond a safe integer',
      () => streamFrames(columns(['1', '2'], [0, 2 ** 62], 64)),
      'index',
    ],
    [
      'of another type than the schema says',
      () => {
        const [schema, , batch] = streamFrames(columns(['1', '2']));
        return [schema!, dictionaryFrame({ id: 4, indexBits: 8, values: int(32, [1, 2]) }), batch!];
      },
      'buffer',
    ],
  ])('that are %s are refused', async (_, frames, words) => {
    await expectMalformed(put(frames()), words);
  });
});

describe('shapes that are refused', () => {
  const schema = schemaFrame(twoRows());
  const batch = (layout: Layout) => [schema, batchFrame(Object.values(twoRows()), layout)];
  const HUGE = [
    2n ** 31n - 1n,
    2n ** 31n,
    2n ** 32n,
    2n ** 53n,
    2n ** 62n,
    2n ** 63n - 1n,
    -1n,
    -(2n ** 63n),
  ];

  it.each<[string, () => Frame[], string]>([
    ['a schema twice', () => [schema, schema], 'one schema'],
    ['a batch before the schema', () => batch({}).toReversed(), 'schema has to come first'],
    ['fewer columns', () => [schema, batchFrame([date32(['2024-01-01'])])], 'fewer columns'],
    [
      'more columns',
      () => [schema, batchFrame([...Object.values(twoRows()), int(8, [1, 2])])],
      'more columns',
    ],
    [
      'a column of another length',
      () => [schema, batchFrame([date32(['2024-01-01', '2024-02-01']), float(64, [1])])],
      'rows',
    ],
    [
      'other types',
      () => [schema, batchFrame([date32(['2024-01-01', '2024-02-01']), int(8, [1, 2])])],
      'its rows need 16',
    ],
    ['compression', () => batch({ isCompressed: true }), 'compressed'],
    [
      'more rows than bytes',
      () =>
        batch({
          length: 1000,
          nodes: () => [
            [1000n, 0n],
            [1000n, 0n],
          ],
        }),
      'has not 1000 rows',
    ],
    [
      'more nulls than rows',
      () =>
        batch({
          nodes: () => [
            [2n, 3n],
            [2n, 0n],
          ],
        }),
      '3 nulls',
    ],
    [
      'fewer nulls than none',
      () =>
        batch({
          nodes: () => [
            [2n, -1n],
            [2n, 0n],
          ],
        }),
      '-1 nulls',
    ],
    [
      'a validity that is too short',
      () =>
        batch({
          nodes: () => [
            [2n, 1n],
            [2n, 0n],
          ],
        }),
      'buffer',
    ],
    ['fewer buffers', () => batch({ regions: (regions) => regions.slice(0, 3) }), 'fewer buffers'],
    [
      'a header of nothing',
      () => [{ header: new Uint8Array(16), body: new Uint8Array() }],
      'message cannot be read',
    ],
    [
      'a header of one byte',
      () => [{ header: Uint8Array.of(1), body: new Uint8Array() }],
      'outside',
    ],
    [
      'too many columns',
      () => [
        schemaFrame(Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`c${n}`, nulls(1)]))),
      ],
      '65 columns',
    ],
  ])('%s', async (_, frames, words) => {
    await expectMalformed(put(frames()), words);
  });

  it('lengths, offsets and counts beyond everything', async () => {
    for (const huge of HUGE) {
      for (const layout of [
        {
          nodes: () => [
            [huge, 0n],
            [2n, 0n],
          ],
        },
        {
          nodes: () => [
            [2n, huge],
            [2n, 0n],
          ],
        },
        { regions: (regions: [bigint, bigint][]) => regions.map(([, length]) => [huge, length]) },
        { regions: (regions: [bigint, bigint][]) => regions.map(([offset]) => [offset, huge]) },
        { regions: (regions: [bigint, bigint][]) => regions.map(() => [huge, huge]) },
      ] as Layout[]) {
        await expectMalformed(put(batch(layout)), 'cannot be read');
      }
      if (huge < 2n ** 53n) {
        await expectMalformed(put(batch({ length: Number(huge) })), 'cannot be read');
      }
    }
  });

  it('texts that lie outside their column', async () => {
    const date = date32(['2024-01-01', '2024-02-01']);
    const withOffsets = (offsets: number[]): Column => {
      const texts = utf8(['1', '2']);
      return {
        ...texts,
        buffers: [new Uint8Array(), int(32, offsets).buffers[1]!, texts.buffers[2]!],
      };
    };
    for (const [offsets, words] of [
      [[0, 2, 1], 'ends before it begins'],
      [[-1, 1, 2], 'begins outside'],
      [[0, 1, 3], 'ends outside'],
      [[0, 1, 2 ** 31 - 1], 'ends outside'],
      [[0, -(2 ** 31), 2], 'ends before it begins'],
      [[0, 1], 'its rows need 12'],
    ] as const) {
      await expectMalformed(put(streamFrames({ date, value: withOffsets([...offsets]) })), words);
    }
    const long = utf8View(['1', '1234567890123']);
    for (const [at, value] of [
      [16, 2 ** 31 - 1],
      [16, -1],
      [24, 1],
      [24, -1],
      [28, 4],
      [28, -1],
    ] as const) {
      const views = Buffer.from(long.buffers[1]!);
      views.writeInt32LE(value, at);
      const value2 = { ...long, buffers: [long.buffers[0]!, views, ...long.buffers.slice(2)] };
      await expectMalformed(put(streamFrames({ date, value: value2 })), 'cannot be read');
    }
    const missing = { ...long, variadic: 2 };
    await expectMalformed(put(streamFrames({ date, value: missing })), 'fewer buffers');
  });

  it('streams that end before they began', async () => {
    const nothing = await client.put(undefined, []);
    expectRefusedField(nothing.error, 'message');
    await expectMalformed(put([onlyMetadata({})]), 'ended before its schema');
    const nameless = await client.put(undefined, streamFrames(twoRows()));
    expectRefusedField(nameless.error, 'descriptor');
    // The descriptor of a later message comes too late.
    const putting = client.putting();
    putting.send(schema);
    putting.send(batch({})[1]!, ['data_points', id]);
    expectRefusedField((await putting.finish()).error, 'descriptor');
    const garbage = client.putting();
    garbage.sendBytes(Buffer.from('ffffffff', 'hex'));
    expect((await garbage.finish()).error?.code).toBe(status.INVALID_ARGUMENT);
    expect(await brief()).toEqual([]);
  });
});

describe('sizes', () => {
  /** A message of exactly so many bytes. */
  function sized(bytes: number): Uint8Array {
    const columns = Object.values(twoRows());
    const plain = batchFrame(columns);
    const made = (tail: number) =>
      frameBytes({ ...plain, body: Buffer.concat([plain.body, Buffer.alloc(tail)]) });
    const message = made(bytes - made(bytes).length + bytes);
    expect(message).toHaveLength(bytes);
    return message;
  }

  it('a message may have as many bytes as the limit, and no more', async () => {
    for (const [bytes, code] of [
      [MESSAGE_BYTES_MAX, undefined],
      [MESSAGE_BYTES_MAX + 1, status.RESOURCE_EXHAUSTED],
    ] as const) {
      const { id: own } = await createSeries(app);
      const putting = client.putting();
      putting.send(schemaFrame(twoRows()), ['data_points', own]);
      putting.sendBytes(sized(bytes));
      const { error } = await putting.finish();
      expect(error?.code).toBe(code);
      expect(await brief(own)).toEqual(code === undefined ? TWO : []);
    }
    const ticket = await client.tryGet(Buffer.alloc(MESSAGE_BYTES_MAX));
    expect(ticket.error?.code).toBe(status.RESOURCE_EXHAUSTED);
    await allStreamsEnded(app);
  });

  it('a stream that was refused for its size stores nothing of what came before', async () => {
    const putting = client.putting();
    const [schema, batch] = streamFrames(twoRows());
    putting.send(schema!, ['data_points', id]);
    putting.send(batch!);
    await putting.answered(1);
    putting.sendBytes(sized(MESSAGE_BYTES_MAX * 2));
    expect((await putting.ended).error?.code).toBe(status.RESOURCE_EXHAUSTED);
    await allStreamsEnded(app);
    expect(await brief()).toEqual([]);
  });
});

/** No stream is open any more on the server. */
async function allStreamsEnded(of: TestApp): Promise<void> {
  await vi.waitFor(async () => expect(await metric(of, 'flight_streams')).toBe(0), {
    timeout: 5_000,
    interval: 10,
  });
}

describe('garbage', () => {
  const rowsOf = (seriesId: string) => app.app.get(DataPointsStore).overview(seriesId as Uuid).rows;

  /** Whatever was sent: the call ends well or is told that it was wrong, and only then nothing is stored. */
  async function judged(
    asked: string[] | undefined,
    messages: readonly Uint8Array[],
  ): Promise<void> {
    const before = rowsOf(id);
    const putting = client.putting({ deadline: Date.now() + 5_000 });
    if (asked) putting.send(onlyMetadata({}), asked);
    for (const message of messages) putting.sendBytes(message);
    const { results, error } = await putting.finish();
    const last = results.at(-1);
    if (error) {
      expect(`${error.code} ${error.details}`).toMatch(/^3 /);
      expect(last?.error?.code).toBe('VALIDATION_ERROR');
      expect(rowsOf(id)).toBe(before);
    } else {
      expect(last).toMatchObject({ stored: true });
      expect(rowsOf(id)).toBe(before + (last!.added ?? 0));
      const counted = last!.added! + last!.revised! + last!.unchanged!;
      // One key may come twice.
      expect(counted).toBeLessThanOrEqual(last!.rows!);
    }
  }

  it('random bytes', async () => {
    const message = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      // As a message of FlightData at least.
      fc
        .record({ header: fc.uint8Array({ minLength: 1, maxLength: 120 }), body: fc.uint8Array() })
        .map((frame) => frameBytes(frame)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 4 }), fc.boolean(), (messages, isNamed) =>
        judged(isNamed ? ['data_points', id] : undefined, messages),
      ),
      { numRuns: 150 },
    );
  });

  const everything: Columns = {
    date: dictionary(
      1,
      16,
      [0, 1, 1, null].map((index) => index ?? 0),
      date32(['2024-01-01', '2024-02-01']),
    ),
    value: decimal(64, 2, [100n, 200n, 200n, 100n]),
    value_exact: utf8View([null, '2', '2.000000000000000000', null]),
    revision_date: days32([19_000, 19_000, 19_000, 19_000]),
    is_original_release: bool([true, null, null, true]),
    created_at: largeUtf8(['a', 'b', null, 'd']),
    updated_at: utf8(['a', 'b', null, 'd']),
  };
  const valid = streamFrames(everything);

  it('is made of what would be stored', async () => {
    await judged(
      ['data_points', id],
      valid.map((frame) => frameBytes(frame)),
    );
    expect(await brief()).toEqual(TWO);
  });

  const WORDS = [
    0n,
    1n,
    7n,
    2n ** 31n - 1n,
    2n ** 31n,
    2n ** 32n - 1n,
    2n ** 53n,
    2n ** 63n - 1n,
    2n ** 63n,
    2n ** 64n - 1n,
  ];
  const change = fc.record({
    frame: fc.nat({ max: valid.length - 1 }),
    part: fc.constantFrom('header', 'header', 'header', 'body', 'whole'),
    at: fc.nat({ max: 2000 }),
    how: fc.oneof(
      fc.record({ byte: fc.nat({ max: 255 }) }),
      fc.record({ word: fc.constantFrom(...WORDS), width: fc.constantFrom(2, 4, 8) }),
      fc.record({ cut: fc.constant(true) }),
    ),
  });

  function changed(bytes: Uint8Array, at: number, how: object): Uint8Array {
    if (bytes.length === 0) return bytes;
    const copy = Buffer.from(bytes);
    const place = at % bytes.length;
    if ('byte' in how) copy[place] = how.byte as number;
    if ('word' in how) {
      const { word, width } = how as { word: bigint; width: number };
      const aligned = place - (place % Math.min(width, 4));
      for (let byte = 0; byte < width && aligned + byte < copy.length; byte++) {
        copy[aligned + byte] = Number((word >> BigInt(8 * byte)) & 0xffn);
      }
    }
    return 'cut' in how ? copy.subarray(0, place) : copy;
  }

  it('valid messages with bytes changed, lengths blown up, or cut short', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const frames = valid.map(({ header, body }) => ({ header, body }));
        const messages = frames.map((frame) => frameBytes(frame));
        for (const { frame, part, at, how } of changes) {
          const { header, body } = frames[frame]!;
          if (part === 'whole') {
            messages[frame] = changed(messages[frame]!, at, how);
            // Protocol buffers may read a changed message as one with a descriptor or options, which come too late
            // or are refused.
            continue;
          }
          frames[frame] =
            part === 'header'
              ? { header: changed(header, at, how), body }
              : { header, body: changed(body, at, how) };
          messages[frame] = frameBytes(frames[frame]);
        }
        await judged(['data_points', id], messages);
      }),
      { numRuns: 500 },
    );
    // Whatever was stored on the way can be read.
    expect((await client.tryGet({ type: 'vintages', series: [id] })).error).toBeUndefined();
    succeeded(await app.query(`{ dataPoints(seriesId: "${id}", revisions: ALL) { value date } }`));
  });

  it('every byte of the headers, at the ends of numbers', async () => {
    for (const [index, { header }] of valid.entries()) {
      for (let at = 0; at < header.length; at += 4) {
        // Runs side by side: there are hundreds.
        await Promise.all(
          [2n ** 31n, 2n ** 32n - 1n].map((word) => {
            const messages = valid.map((frame, n) =>
              frameBytes(
                n === index ? { ...frame, header: changed(header, at, { word, width: 4 }) } : frame,
              ),
            );
            const putting = client.putting({ deadline: Date.now() + 5_000 });
            putting.send(onlyMetadata({}), ['data_points', id]);
            for (const message of messages) putting.sendBytes(message);
            return putting.finish().then(({ error }) => {
              expect([undefined, status.INVALID_ARGUMENT]).toContain(error?.code);
            });
          }),
        );
      }
    }
  });
});

describe('clients that go', () => {
  it.each(['cancels', 'is cut off', 'runs out of time'])(
    'nothing is stored of a stream whose client %s',
    async (how) => {
      const relay = await startRelay(app.flightPort);
      const own = new FlightTestClient(how === 'is cut off' ? relay.port : app.flightPort);
      try {
        const [schema, batch] = streamFrames(twoRows());
        for (const batches of [0, 1, 3]) {
          for (const isAnswered of [true, false]) {
            const options = how === 'runs out of time' ? { deadline: Date.now() + 60 } : {};
            const putting = own.putting(options);
            putting.send(schema!, ['data_points', id]);
            await vi.waitFor(async () => expect(await metric(app, 'flight_streams')).toBe(1), {
              interval: 1,
            });
            for (let n = 0; n < batches; n++) putting.send(batch!);
            if (isAnswered) await Promise.race([putting.answered(batches), putting.ended]);
            if (how === 'cancels') putting.call.cancel();
            if (how === 'is cut off') relay.cut();
            const { error } = await putting.ended;
            expect([
              status.CANCELLED,
              status.UNAVAILABLE,
              status.INTERNAL,
              status.DEADLINE_EXCEEDED,
            ]).toContain(error?.code);
            await allStreamsEnded(app);
            expect(await brief()).toEqual([]);
            // The next one begins on a new connection.
            if (how === 'is cut off') await own.info(['series']).catch(() => undefined);
          }
        }
      } finally {
        own.close();
        await relay.close();
      }
    },
  );

  it('with "atomic": "batch", what was answered as stored stays', async () => {
    const putting = client.putting();
    const [schema, batch] = streamFrames(twoRows());
    putting.send({ ...schema!, metadata: { atomic: 'batch' } }, ['data_points', id]);
    putting.send(batch!);
    await putting.answered(1);
    putting.call.cancel();
    await putting.ended;
    await allStreamsEnded(app);
    expect(await brief()).toEqual(TWO);
  });

  it('are counted as cancelled, and nothing is logged', async () => {
    const sample = 'flight_calls_total{method="DoPut",outcome="cancelled"}';
    const before = await metric(app, sample);
    const putting = client.putting();
    putting.send(schemaFrame(twoRows()), ['data_points', id]);
    putting.send(batchFrame(Object.values(twoRows())));
    await putting.answered(1);
    putting.call.cancel();
    await vi.waitFor(async () => expect(await metric(app, sample)).toBe(before + 1));
    expect(app.logger.entries.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('are worked for no longer than a tenth of a second', async () => {
    const [count, rows] = [48, 5_000];
    const wide = await startTestApp();
    const own = new FlightTestClient(wide.flightPort);
    try {
      const panel = Array.from({ length: count }, (_, n) => `PANEL_${n}`);
      const all = Array.from({ length: count * rows }, (_, row) => row);
      const repeated = (text: string) =>
        dictionary(0, 8, all.slice(0, count).fill(0), utf8([text]));
      await own.stored(
        ['series'],
        streamFrames({
          external_id: utf8(panel),
          title: utf8(panel),
          source_id: repeated('11111111-1111-4111-8111-111111111111'),
          frequency: {
            ...repeated('daily'),
            dictionary: { ...repeated('daily').dictionary!, id: 1 },
          },
        }),
      );
      const places = all.map((row) => Math.floor(row / rows));
      await own.stored(
        ['data_points'],
        streamFrames({
          external_id: dictionary(0, 8, places, utf8(panel)),
          date: days32(all.map((row) => row % rows)),
          value: float(64, all),
        }),
      );
      const reads = slowReads(wide.app.get(DataPointsStore));
      const call = own.openTicket(JSON.stringify({ type: 'data_points', series: panel }));
      const ended = collected(call);
      await new Promise<void>((resolve) => {
        let messages = 0;
        call.on('data', () => {
          if (++messages === 3) resolve();
        });
      });
      call.cancel();
      expect((await ended).error?.code).toBe(status.CANCELLED);
      await new Promise((resolve) => setTimeout(resolve, 100));
      const after = reads();
      expect(after).toBeGreaterThan(0);
      expect(after).toBeLessThan(panel.length);
      await allStreamsEnded(wide);
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(reads()).toBe(after);
    } finally {
      own.close();
      await wide.close();
    }
  });
});

/** Lets every read of points take a while, so that there is work left to stop; tells how many were begun. */
function slowReads(store: DataPointsStore): () => number {
  let count = 0;
  const begin = async (): Promise<void> => {
    count++;
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const read = store.read.bind(store);
  vi.spyOn(store, 'read').mockImplementation(async (...args) => {
    await begin();
    return read(...args);
  });
  const readParts = store.readParts.bind(store);
  vi.spyOn(store, 'readParts').mockImplementation(async function* (...args) {
    await begin();
    yield* readParts(...args);
  });
  return () => count;
}

describe('clients that stand still', () => {
  let own: TestApp;
  let still: FlightTestClient;

  beforeAll(async () => {
    own = await startTestApp({ flightIdleSeconds: 1, flightPutBytesMax: 67_108_864 });
    still = new FlightTestClient(own.flightPort);
  });
  afterAll(async () => {
    still.close();
    await own.close();
  });

  it('a reader that reads nothing is ended, and what waits for it is bounded', async () => {
    const { id: large } = await createSeries(own);
    const days = Array.from({ length: 700_000 }, (_, day) => day);
    const columns = { date: days32(days), value: float(64, days) };
    await still.stored(['data_points', large], streamFrames(columns));
    const sent = 'flight_bytes_total{method="DoGet",direction="sent"}';
    const failures = 'flight_calls_total{method="DoGet",outcome="rejected"}';
    const before = { sent: await metric(own, sent), failures: await metric(own, failures) };

    const info = await still.info(['data_points', large]);
    // Bare HTTP/2: a client of gRPC takes sixteen messages before anybody asks for one.
    const { session, stream } = bareDoGet(own, info.endpoint[0]!.ticket!.ticket);
    await vi.waitFor(async () => expect(await metric(own, failures)).toBe(before.failures + 1), {
      timeout: 10_000,
      interval: 50,
    });
    // It has its place as long as it takes up memory.
    expect(await metric(own, 'flight_streams')).toBe(1);
    const waiting = (await metric(own, sent)) - before.sent;
    expect(Number(info.totalBytes)).toBeGreaterThan(14_000_000);
    expect(waiting).toBeGreaterThan(1_000_000);
    expect(waiting).toBeLessThan(7_000_000);

    // Who begins to read after all hears why there is no more.
    const trailers = once(stream, 'trailers') as Promise<[Record<string, unknown>]>;
    stream.resume();
    const [{ 'grpc-status': code, 'grpc-message': message, 'error-code': name }] = await trailers;
    expect(code).toBe(String(status.DEADLINE_EXCEEDED));
    expect(name).toBe('STREAM_IDLE');
    expect(message).toContain('FLIGHT_IDLE_SECONDS');
    session.close();
  });

  it('a reader that goes on reading nothing is let go of, with what waits for it', async () => {
    const { id: large } = await createSeries(own);
    const days = Array.from({ length: 700_000 }, (_, day) => day);
    const columns = { date: days32(days), value: float(64, days) };
    await still.stored(['data_points', large], streamFrames(columns));
    const info = await still.info(['data_points', large]);
    const { session, stream } = bareDoGet(own, info.endpoint[0]!.ticket!.ticket);
    const [error] = (await once(stream, 'error')) as [Error];
    expect(error.message).toContain('NGHTTP2_ENHANCE_YOUR_CALM');
    await allStreamsEnded(own);
    session.close();
  });

  it('a reader of little has its place until it has read it, or is let go of', async () => {
    const { id: small } = await createSeries(own);
    const days = Array.from({ length: 40_000 }, (_, day) => day);
    const columns = { date: days32(days), value: float(64, days) };
    await still.stored(['data_points', small], streamFrames(columns));
    const info = await still.info(['data_points', small]);
    const { session, stream } = bareDoGet(own, info.endpoint[0]!.ticket!.ticket);
    await once(stream, 'response');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await metric(own, 'flight_streams')).toBe(1);
    await once(stream, 'error');
    await allStreamsEnded(own);
    session.close();
  });

  it('a writer that sends nothing is ended, and nothing is stored', async () => {
    const { id: target } = await createSeries(own);
    const [schema, batch] = streamFrames(twoRows());
    for (const frames of [[], [schema!], [schema!, batch!]]) {
      const putting = still.putting();
      frames.forEach((frame, index) =>
        putting.send(frame, index === 0 ? ['data_points', target] : undefined),
      );
      const { error, results } = await putting.ended;
      expect(error?.code).toBe(status.DEADLINE_EXCEEDED);
      expect(codeOf(error)).toBe('STREAM_IDLE');
      expect(results.at(-1)!.error).toMatchObject({ code: 'STREAM_IDLE' });
      expect(await brief(target, own)).toEqual([]);
    }
    await allStreamsEnded(own);
  });
});

describe('limits', () => {
  it.each([
    ['in all', { flightStreamsMax: 2 }],
    ['from one address', { flightStreamsPerClientMax: 2 }],
  ])('as many streams as are allowed %s, and no more', async (where, limits) => {
    const own = await startTestApp(limits);
    const one = new FlightTestClient(own.flightPort);
    const two = new FlightTestClient(own.flightPort);
    try {
      const greet = async (greeter: FlightTestClient) => {
        const call = greeter.duplex('Handshake');
        const end = collected(call);
        const answered = new Promise((resolve) => call.once('data', resolve));
        call.write(Buffer.alloc(0));
        const { error } = (await Promise.race([answered, end])) as { error?: unknown };
        return { call, end, error };
      };
      const open = [await greet(one), await greet(two)];
      expect(open.map(({ error }) => error)).toEqual([undefined, undefined]);
      expect(await metric(own, 'flight_streams')).toBe(2);
      for (const refused of [one, two]) {
        const { error } = await (await greet(refused)).end;
        expect(error?.code).toBe(status.RESOURCE_EXHAUSTED);
        expect(codeOf(error)).toBe('TOO_MANY_STREAMS');
        expect(error?.details).toContain(where);
        expect(detailsOf(error)).toEqual({ limit: 2 });
        expect((await refused.tryGet({ type: 'series' })).error?.code).toBe(
          status.RESOURCE_EXHAUSTED,
        );
        // An info may take as long as a stream.
        await expect(refused.info(['series'])).rejects.toMatchObject({
          code: status.RESOURCE_EXHAUSTED,
        });
      }
      open[0]!.call.end();
      await open[0]!.end;
      await vi.waitFor(async () => expect(await metric(own, 'flight_streams')).toBe(1));
      const next = await greet(two);
      expect(next.error).toBeUndefined();
      next.call.cancel();
      await next.end;
      await vi.waitFor(async () => expect(await metric(own, 'flight_streams')).toBe(1));
      expect((await one.tryGet({ type: 'series' })).error).toBeUndefined();
      open[1]!.call.end();
      await open[1]!.end;
    } finally {
      one.close();
      two.close();
      await own.close();
    }
  });

  it('uploads hold no more together than they may, and give it back', async () => {
    const own = await startTestApp({ flightPutBytesMax: 200_000 });
    const writer = new FlightTestClient(own.flightPort);
    try {
      const { id: target } = await createSeries(own);
      const days = Array.from({ length: 2_000 }, (_, day) => day);
      // 92 KB a batch, once its rows are columns.
      const [schema, batch] = streamFrames({ date: days32(days), value: float(64, days) });
      const path = ['data_points', target];
      const three = [schema!, batch!, batch!, batch!];
      const refused = await writer.put(path, three);
      expect(refused.error?.code).toBe(status.RESOURCE_EXHAUSTED);
      expect(codeOf(refused.error)).toBe('WRITE_TOO_LARGE');
      expect(refused.results.at(-1)!.error).toMatchObject({ code: 'WRITE_TOO_LARGE' });
      expect(await brief(target, own)).toEqual([]);
      // Batches that are stored one by one are not held.
      expect(
        await writer.stored({ type: 'data_points', series: target, atomic: 'batch' }, three),
      ).toMatchObject({
        rows: 6_000,
        added: 2_000,
      });
      const holding = writer.putting();
      holding.send(schema!, path);
      holding.send(batch!);
      await holding.answered(1);
      const beside = await writer.put(path, three.slice(0, 3));
      expect(codeOf(beside.error)).toBe('WRITE_TOO_LARGE');
      holding.call.cancel();
      await holding.ended;
      await allStreamsEnded(own);
      for (let n = 0; n < 5; n++) {
        expect((await writer.put(path, three.slice(0, 3))).error).toBeUndefined();
      }
    } finally {
      writer.close();
      await own.close();
    }
  });
});

it('nothing unexpected was logged', () => {
  expect(app.logger.entries.filter(({ level }) => level === 'error')).toEqual([]);
});

/** DoGet over bare HTTP/2: nothing is read unless the stream is. */
function bareDoGet({ flightPort }: TestApp, ticket: Uint8Array) {
  const session = connect(`http://127.0.0.1:${flightPort}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/arrow.flight.protocol.FlightService/DoGet',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const request = ticketBytes(ticket);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(request.length, 1);
  stream.end(Buffer.concat([head, request]));
  return { session, stream };
}
