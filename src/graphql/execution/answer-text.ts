// The JSON of an answer while it is put together: text, lists of rows as bytes, gaps for what is still being
// read, and long lists that are turned into bytes only when the answer is sent.

import { assert } from '../../core/assert.js';
import { ByteWriter } from './byte-writer.js';

/** A list of rows. */
export interface RowList {
  readonly length: number;
  /** Writes the JSON of one element. */
  readonly writeAt: (index: number, out: ByteWriter) => void;
}

/** Rows of one answer that are written at once; the others wait until it is complete, and then cannot fail. */
const ROWS_AT_ONCE = 500;
/** A step of a list is so long, or took so long: rows with identifiers take ten times as long as others. */
const STEP_BYTES = 65_536;
const STEP_MILLISECONDS = 2;
const ROWS_PER_LOOK = 64;

/** Used in synchronous steps only, and empty between them. */
const writer = new ByteWriter();

const [COMMA, LIST_BEGIN, LIST_END] = [',', '[', ']'].map((sign) => sign.charCodeAt(0)) as [
  number,
  number,
  number,
];

export class AnswerText {
  /** The end of it, for whoever writes. */
  text = '';
  private readonly parts: (string | AnswerText | RowList)[] = [];

  /** @param written how many rows of the whole answer were written at once */
  constructor(private readonly written = { rows: 0 }) {}

  /** Leaves a gap here; what follows is written behind it. */
  gap(): AnswerText {
    const gap = new AnswerText(this.written);
    this.push(gap);
    return gap;
  }

  list(list: RowList): void {
    if (this.written.rows + list.length > ROWS_AT_ONCE) {
      this.push(list);
      return;
    }
    this.written.rows += list.length;
    this.text += textOf(list);
  }

  /** Rows that wait. */
  get rowCount(): number {
    let rows = 0;
    for (const part of this.parts) {
      if (part instanceof AnswerText) rows += part.rowCount;
      else if (isList(part)) rows += part.length;
    }
    return rows;
  }

  /** All of it, where no rows wait. */
  get whole(): string {
    let whole = '';
    for (const part of this.parts) {
      assert(!isList(part), 'rows that wait are written as bytes');
      whole += typeof part === 'string' ? part : part.whole;
    }
    return whole + this.text;
  }

  /** Writes all of it, in steps between which others may have their turn; it can be written more than once. */
  *writeTo(out: ByteWriter): Generator<void, void, undefined> {
    for (const part of this.parts) {
      if (part instanceof AnswerText) yield* part.writeTo(out);
      else if (isList(part)) yield* writeList(part, out);
      else out.text(part);
    }
    out.text(this.text);
  }

  private push(part: AnswerText | RowList): void {
    this.parts.push(this.text, part);
    this.text = '';
  }
}

function isList(part: string | AnswerText | RowList): part is RowList {
  return typeof part === 'object' && !(part instanceof AnswerText);
}

/** Of a list that is short. */
function textOf({ length, writeAt }: RowList): string {
  writer.clear();
  writer.byte(LIST_BEGIN);
  for (let index = 0; index < length; index++) {
    if (index > 0) writer.byte(COMMA);
    writeAt(index, writer);
  }
  writer.byte(LIST_END);
  return writer.takeText();
}

function* writeList(
  { length, writeAt }: RowList,
  out: ByteWriter,
): Generator<void, void, undefined> {
  out.byte(LIST_BEGIN);
  let index = 0;
  while (index < length) {
    const end = out.size + STEP_BYTES;
    const began = performance.now();
    while (index < length) {
      if (index > 0) out.byte(COMMA);
      writeAt(index++, out);
      if (index % ROWS_PER_LOOK > 0) continue;
      if (out.size > end || performance.now() - began > STEP_MILLISECONDS) break;
    }
    yield;
  }
  out.byte(LIST_END);
}
