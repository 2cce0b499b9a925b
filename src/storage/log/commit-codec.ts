// The commits of one group as the payload of a frame. The layout belongs to the log's format version
// (segment.ts): raise that when its meaning changes.

import { assert, unreachable } from '../../core/assert.js';
import type { Instant } from '../../core/instant.js';
import { Uuid } from '../../core/uuid.js';
import { SERIES_COLUMNS } from '../../schema/series.columns.js';
import { SOURCE_COLUMNS } from '../../schema/source.columns.js';
import { ByteReader, ByteWriter, MalformedBytesError } from './bytes.js';
import type { Commit, Effect, PointsVersion } from './commit.js';
import {
  readKeys,
  readPoints,
  readSummary,
  writeKeys,
  writePoints,
  writeSummary,
} from './points-codec.js';
import { readVintageChanges, writeVintageChanges } from './vintage-changes-codec.js';
import { rowFromJson, rowToJson } from './rows-codec.js';

/** Written to disk: a number is never given to another kind. */
const EFFECT_CODES: Record<Effect['kind'], number> = {
  'series-put': 1,
  'series-deleted': 2,
  'source-put': 3,
  'points-put': 4,
  'points-deleted': 5,
  'vintages-changed': 6,
};
const EFFECT_KINDS = new Map(
  Object.entries(EFFECT_CODES).map(([kind, code]) => [code, kind as Effect['kind']]),
);

// Guesses of the final size, so that the buffer is made once: metadata rows take about 400 bytes; a value 8,
// a date 1 to 2, its revision date 1 to 3.
const EFFECT_BYTES_GUESS = 512;
const POINT_BYTES_GUESS = 14;

/** @param commits in the order of their instants */
export function encodeCommits(commits: readonly Commit[]): Buffer {
  const writer = new ByteWriter(bytesGuess(commits));
  writer.varint(commits.length);
  let previous = -1;
  for (const { instant, effects } of commits) {
    assert(instant > previous, 'the instants of commits ascend');
    previous = instant;
    writer.varint(instant);
    writer.varint(effects.length);
    for (const effect of effects) writeEffect(writer, effect, instant);
  }
  return writer.finish();
}

/** @throws MalformedBytesError where `encodeCommits` did not write this */
export function decodeCommits(payload: Uint8Array): Commit[] {
  const reader = new ByteReader(payload);
  const commits: Commit[] = [];
  let previous = -1;
  for (let left = reader.count(); left > 0; left--) {
    const instant = reader.varint() as Instant;
    if (instant <= previous) throw new MalformedBytesError('the instants of commits do not ascend');
    previous = instant;
    const effects: Effect[] = [];
    for (let more = reader.count(); more > 0; more--) effects.push(readEffect(reader, instant));
    commits.push({ instant, effects });
  }
  if (!reader.isAtEnd) throw new MalformedBytesError('bytes follow the last commit');
  return commits;
}

function writeEffect(writer: ByteWriter, effect: Effect, instant: Instant): void {
  writer.uint8(EFFECT_CODES[effect.kind]);
  switch (effect.kind) {
    case 'series-put':
      return writer.text(rowToJson(SERIES_COLUMNS, effect.row));
    case 'source-put':
      return writer.text(rowToJson(SOURCE_COLUMNS, effect.row));
    case 'series-deleted':
      return writeUuid(writer, effect.seriesId);
    case 'points-put':
      writeUuid(writer, effect.seriesId);
      writer.varint(effect.base);
      writePoints(writer, effect.points, instant);
      return writeSummary(writer, effect.summary);
    case 'points-deleted':
      writeUuid(writer, effect.seriesId);
      writer.varint(effect.base);
      writeKeys(writer, effect.keys);
      return writeSummary(writer, effect.summary);
    case 'vintages-changed':
      writeUuid(writer, effect.seriesId);
      writer.varint(effect.base);
      writePoints(writer, effect.points, instant);
      writer.uint8(effect.removed === null ? 0 : 1);
      if (effect.removed !== null) writeKeys(writer, effect.removed);
      writeVintageChanges(writer, effect.vintageChanges);
      return writeSummary(writer, effect.summary);
    default:
      return unreachable(effect);
  }
}

function readEffect(reader: ByteReader, instant: Instant): Effect {
  const kind = EFFECT_KINDS.get(reader.uint8());
  switch (kind) {
    case 'series-put':
      return { kind, row: rowFromJson(SERIES_COLUMNS, reader.text()) };
    case 'source-put':
      return { kind, row: rowFromJson(SOURCE_COLUMNS, reader.text()) };
    case 'series-deleted':
      return { kind, seriesId: readUuid(reader) };
    case 'points-put': {
      const seriesId = readUuid(reader);
      const base = reader.varint() as PointsVersion;
      const points = readPoints(reader, instant);
      return { kind, seriesId, base, points, summary: readSummary(reader) };
    }
    case 'points-deleted': {
      const seriesId = readUuid(reader);
      const base = reader.varint() as PointsVersion;
      const keys = readKeys(reader);
      return { kind, seriesId, base, keys, summary: readSummary(reader) };
    }
    case 'vintages-changed': {
      const seriesId = readUuid(reader);
      const base = reader.varint() as PointsVersion;
      const points = readPoints(reader, instant);
      const removed = reader.uint8() === 0 ? null : readKeys(reader);
      const vintageChanges = readVintageChanges(reader);
      const summary = readSummary(reader);
      return { kind, seriesId, base, points, removed, vintageChanges, summary };
    }
    case undefined:
      throw new MalformedBytesError('an effect of an unknown kind');
    default:
      return unreachable(kind);
  }
}

function writeUuid(writer: ByteWriter, id: Uuid): void {
  writer.bytes(Buffer.from(id.replaceAll('-', ''), 'hex'));
}

function readUuid(reader: ByteReader): Uuid {
  const hex = Buffer.from(reader.bytes(16)).toString('hex');
  const id = Uuid.tryParse(
    [
      [0, 8],
      [8, 12],
      [12, 16],
      [16, 20],
      [20, 32],
    ]
      .map(([from, to]) => hex.slice(from, to))
      .join('-'),
  );
  if (id === undefined) throw new MalformedBytesError('not an identifier');
  return id;
}

function bytesGuess(commits: readonly Commit[]): number {
  let bytes = 64;
  for (const { effects } of commits) {
    bytes += EFFECT_BYTES_GUESS * effects.length;
    for (const effect of effects) {
      if ('points' in effect) bytes += POINT_BYTES_GUESS * effect.points.length;
    }
  }
  return bytes;
}
