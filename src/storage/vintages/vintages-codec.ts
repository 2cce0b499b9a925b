// Published vintages as a text in the footer of a points file: base64 of deflated columns.
//
//   version of this layout   1 byte
//   vintages                 count, then their days as differences, then a byte for each: 1 if complete
//   spans                    count, then their dates as differences, then for each the number of its
//                            first vintage, and how many vintages it goes on for, as differences
//
// A vintage speaks of a date also where a row says so: a span of one vintage that has a row is left out.

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { CalendarDate } from '../../core/calendar-date.js';
import type { PointBatch } from '../../schema/point-batch.js';
import { ByteReader, ByteWriter, MalformedBytesError } from '../log/bytes.js';
import { DamagedFileError } from '../parquet/file-seal.js';
import { PublishedVintages } from './published-vintages.js';

const LAYOUT_VERSION = 1;

/** @param rows those of the file */
export function encodeVintages(vintages: PublishedVintages, rows: PointBatch): string {
  const writer = new ByteWriter();
  writer.uint8(LAYOUT_VERSION);
  const listed = [...vintages.vintages()];
  writer.varint(listed.length);
  writer.int32Differences(Int32Array.from(listed, ({ day }) => day));
  writer.bytes(Uint8Array.from(listed, ({ isComplete }) => Number(isComplete)));
  const spans = [...vintages.allSpans()].filter(
    ({ date, from, to }) =>
      from !== to || rows.find(date as CalendarDate, from as CalendarDate) === undefined,
  );
  writer.varint(spans.length);
  writer.int32Differences(Int32Array.from(spans, ({ date }) => date));
  writer.int32Differences(Int32Array.from(spans, ({ from }) => vintages.indexFrom(from)));
  writer.int32Differences(
    Int32Array.from(spans, ({ from, to }) => vintages.indexFrom(to) - vintages.indexFrom(from)),
  );
  return deflateRawSync(writer.finish()).toString('base64');
}

/** @throws DamagedFileError */
export function decodeVintages(text: string): PublishedVintages {
  try {
    return read(new ByteReader(inflateRawSync(Buffer.from(text, 'base64'))));
  } catch (error) {
    if (error instanceof DamagedFileError) throw error;
    throw new DamagedFileError('the footer has vintages that cannot be read', { cause: error });
  }
}

function read(reader: ByteReader): PublishedVintages {
  const version = reader.uint8();
  if (version !== LAYOUT_VERSION) {
    throw new DamagedFileError(`the footer has vintages in an unknown layout, ${version}`);
  }
  const vintages = new PublishedVintages();
  const count = reader.count();
  const days = reader.int32Differences(count);
  const flags = reader.bytes(count);
  const none = new Int32Array(0);
  days.forEach((day, index) => {
    const revisionDate = day as CalendarDate;
    vintages.add({ revisionDate, isComplete: flags[index] === 1, dates: none });
  });
  const spanCount = reader.count();
  const dates = reader.int32Differences(spanCount);
  const firsts = reader.int32Differences(spanCount);
  const lengths = reader.int32Differences(spanCount);
  dates.forEach((date, index) => {
    const from = days[firsts[index]!];
    const to = days[firsts[index]! + lengths[index]!];
    if (from === undefined || to === undefined || to < from) {
      throw new MalformedBytesError('a span lies outside the vintages');
    }
    vintages.addSpan(date, from, to);
  });
  if (!reader.isAtEnd) throw new MalformedBytesError('bytes follow the last span');
  return vintages;
}
