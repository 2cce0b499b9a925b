// Requests that nobody would send by intention: each is answered, and the service goes on.

import { once } from 'node:events';
import { connect } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  date32,
  dictionary,
  float,
  nulls,
  onlyMetadata,
  schemaFrame,
  batchFrames,
  streamFrames,
  utf8,
} from '../support/arrow-frames.js';
import { createSeries, readPoints } from '../support/factories.js';
import { codeOf, detailsOf, FlightTestClient, frameBytes } from '../support/flight-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let client: FlightTestClient;

beforeAll(async () => {
  app = await startTestApp();
  client = new FlightTestClient(app.flightPort);
});
afterAll(async () => {
  client.close();
  await app.close();
});

describe('texts that cannot be sent as they came', () => {
  const LONE = '{"type":"data_points","series":["\\ud800"]}';
  // A message is cut in the middle of a pair.
  const CUT = `${'x'.repeat(984)}${'\u{1f600}'.repeat(30)}`;

  it('are refused by calls that answer once', async () => {
    await expect(client.info(['data_points', CUT])).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
    await expect(client.info({ type: 'data_points', series: ['\ud800'] })).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
  });

  it('are refused by streams, both ways', async () => {
    const { error } = await client.tryGet(LONE);
    expect(error?.code).toBe(status.NOT_FOUND);
    const upload = await client.put(
      { type: 'data_points', series: '\ud800' },
      streamFrames({ date: date32(['2024-01-01']), value: float(64, [1]) }),
    );
    expect(upload.error?.code).toBe(status.NOT_FOUND);
  });

  it('are short enough for any client once they are encoded', async () => {
    const { error } = await client.tryGet({ type: 'data_points', series: ['\u6f22'.repeat(1000)] });
    expect(error?.code).toBe(status.NOT_FOUND);
    expect(encodeURI(error!.details).length).toBeLessThan(4000);
  });
});

describe('commands', () => {
  it('that are nested beyond reason are refused', async () => {
    const { error } = await client.tryGet(`{"type":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
    expect(codeOf(error)).toBe('VALIDATION_ERROR');
  });

  it('keep the limits of a filter that GraphQL has', async () => {
    const { error } = await client.tryGet({
      type: 'series',
      filter: { titleContains: 'x'.repeat(501) },
    });
    expect(codeOf(error)).toBe('VALIDATION_ERROR');
    expect(detailsOf(error)).toMatchObject({ field: 'filter.titleContains' });
  });
});

describe('names of series in rows', () => {
  const columns = { date: date32(['2024-01-01', '2024-01-02']), value: float(64, [1, 2]) };

  it('have to be those of the path', async () => {
    const [{ id, externalId }, other] = [await createSeries(app), await createSeries(app)];
    const named = (name: string) => streamFrames({ ...columns, external_id: utf8([name, name]) });
    const { error } = await client.put(['data_points', id], named(other.externalId));
    expect(detailsOf(error)).toMatchObject({ field: 'external_id', rows: [0, 1] });
    expect(await readPoints(app, id)).toEqual([]);
    await client.stored(['data_points', id], named(externalId));
  });

  it('are not made of the word null, nor of what only looks like a source', async () => {
    const { id, sourceId } = await createSeries(app, { externalId: 'null' });
    await createSeries(app, { externalId: 'SRCX/A' });
    const sent = (source: string, name: string | null) =>
      streamFrames({
        ...columns,
        source_id: utf8([source, source]),
        external_id: utf8([name, name]),
      });
    const missing = await client.put(['data_points'], sent(sourceId, null));
    expect(detailsOf(missing.error)).toMatchObject({ field: 'external_id', rows: [0, 1] });
    const wrong = await client.put(['data_points'], sent('SRCX', 'A'));
    expect(detailsOf(wrong.error)).toMatchObject({ field: 'source_id', rows: [0] });
    expect(await readPoints(app, id)).toEqual([]);
  });
});

describe('uploads', () => {
  it('of complete vintages are not taken batch by batch', async () => {
    const { id } = await createSeries(app);
    const [schema, ...batches] = streamFrames({
      date: date32(['2024-01-01']),
      value: float(64, [1]),
    });
    const { error } = await client.put(
      ['vintages', id],
      [schema!, onlyMetadata({ atomic: 'batch', complete: true }), ...batches],
    );
    expect(detailsOf(error)).toMatchObject({ field: 'complete' });
  });

  it('that give one key two values are told which rows they are', async () => {
    const { id } = await createSeries(app);
    const { results, error } = await client.put(
      ['data_points', id],
      streamFrames({
        date: date32(['2024-01-02', '2024-01-01', '2024-01-02']),
        value: float(64, [1, 2, 3]),
      }),
    );
    expect(detailsOf(error)).toMatchObject({ rows: [0, 2] });
    expect(results.at(-1)!.error).toMatchObject({ rows: [0, 2] });
  });

  it('that end in the middle of a message store nothing', async () => {
    const { id } = await createSeries(app);
    const frames = streamFrames({ date: date32(['2024-01-01']), value: float(64, [1]) });
    const messages = frames.map((frame, index) =>
      grpcFrame(frameBytes(frame, index === 0 ? ['data_points', id] : undefined)),
    );
    const second = grpcFrame(frameBytes(frames.at(-1)!));
    const session = connect(`http://127.0.0.1:${app.flightPort}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/arrow.flight.protocol.FlightService/DoPut',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const trailers = once(stream, 'trailers') as Promise<[Record<string, unknown>]>;
    stream.resume();
    stream.end(Buffer.concat([...messages, second.subarray(0, -10)]));
    const [{ 'grpc-status': code, 'error-code': name }] = await trailers;
    expect([code, name]).toEqual([String(status.INVALID_ARGUMENT), 'VALIDATION_ERROR']);
    expect(await readPoints(app, id)).toEqual([]);
    session.close();
  });

  it('count their dictionaries as long as batches may refer to them', async () => {
    const own = await startTestApp({ flightPutBytesMax: 100_000 });
    const writer = new FlightTestClient(own.flightPort);
    const { id } = await createSeries(own);
    const texts = Array.from(
      { length: 2_000 },
      (_, index) => `1.${String(index).padStart(30, '0')}`,
    );
    const value = dictionary(1, 32, [null], utf8(texts));
    const columns = { date: date32(['2024-01-01']), value };
    const options = onlyMetadata({ atomic: 'batch' });
    const frames = [schemaFrame(columns), options, ...batchFrames(columns)];
    const holding = writer.putting();
    frames.forEach((frame, index) =>
      holding.send(frame, index === 0 ? ['data_points', id] : undefined),
    );
    await holding.answered(1);
    const beside = await writer.put(['data_points', id], frames);
    expect(codeOf(beside.error)).toBe('WRITE_TOO_LARGE');
    expect((await holding.finish()).error).toBeUndefined();
    await writer.stored(['data_points', id], frames);
    writer.close();
    await own.close();
  });

  it('of more rows in a batch than are read in one go are refused', async () => {
    const { id } = await createSeries(app);
    const rows = 1_048_577;
    const index = new Array<number>(rows).fill(0);
    const columns = {
      date: dictionary(1, 8, index, date32(['2024-01-01'])),
      value: nulls(rows),
    };
    const { error } = await client.put(['data_points', id], streamFrames(columns));
    expect(error?.details).toContain('1048576');
  });
});

it('nothing unexpected was logged', () => {
  expect(app.logger.entries.filter(({ level }) => level === 'error')).toEqual([]);
});

function grpcFrame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
