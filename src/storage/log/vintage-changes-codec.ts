// What is known of vintages, as bytes of the log.

import { unreachable } from '../../core/assert.js';
import { CalendarDate } from '../../core/calendar-date.js';
import type { VintageChange } from '../vintages/published-vintages.js';
import { MalformedBytesError, type ByteReader, type ByteWriter } from './bytes.js';

const PUBLISHED = 0;
const PUBLISHED_COMPLETE = 1;
const RETRACTED = 2;

export function writeVintageChanges(writer: ByteWriter, changes: readonly VintageChange[]): void {
  writer.varint(changes.length);
  for (const change of changes) {
    switch (change.kind) {
      case 'published':
        writer.uint8(change.isComplete ? PUBLISHED_COMPLETE : PUBLISHED);
        writer.zigzag(change.revisionDate);
        writer.varint(change.dates.length);
        writer.int32Differences(change.dates);
        break;
      case 'retracted':
        writer.uint8(RETRACTED);
        writer.zigzag(change.date);
        writer.zigzag(change.from);
        writer.zigzag(change.to);
        break;
      default:
        unreachable(change);
    }
  }
}

export function readVintageChanges(reader: ByteReader): VintageChange[] {
  const changes: VintageChange[] = [];
  for (let left = reader.count(); left > 0; left--) changes.push(readChange(reader));
  return changes;
}

function readChange(reader: ByteReader): VintageChange {
  const code = reader.uint8();
  switch (code) {
    case PUBLISHED:
    case PUBLISHED_COMPLETE: {
      const revisionDate = readDate(reader);
      const dates = reader.int32Differences(reader.count());
      if (!dates.every((date, index) => index === 0 || date > dates[index - 1]!)) {
        throw new MalformedBytesError('the dates of a vintage do not ascend');
      }
      return { kind: 'published', revisionDate, isComplete: code === PUBLISHED_COMPLETE, dates };
    }
    case RETRACTED:
      return {
        kind: 'retracted',
        date: readDate(reader),
        from: readDate(reader),
        to: readDate(reader),
      };
    default:
      throw new MalformedBytesError('a change of vintages of an unknown kind');
  }
}

function readDate(reader: ByteReader): CalendarDate {
  const date = CalendarDate.fromDays(reader.zigzag());
  if (date === undefined) throw new MalformedBytesError('a date lies outside the calendar');
  return date;
}
