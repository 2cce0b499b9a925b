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

type Piece = string | Buffer;

/** Rows of one answer that are written at once; the others wait until it is complete, and then cannot fail. */
const ROWS_AT_ONCE = 500;
/** A piece of a list is so long, or took so long: rows with identifiers take ten times as long as others. */
const PIECE_BYTES = 65_536;
const PIECE_MILLISECONDS = 2;
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
      assert(!isList(part), 'rows that wait are written in pieces');
      whole += typeof part === 'string' ? part : part.whole;
    }
    return whole + this.text;
  }

  /** All of it, in pieces; it can be asked for more than once. */
  *pieces(): Generator<Piece, void, undefined> {
    for (const part of this.parts) {
      if (part instanceof AnswerText) yield* part.pieces();
      else if (isList(part)) yield* piecesOf(part);
      else if (part.length > 0) yield part;
    }
    if (this.text !== '') yield this.text;
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

function* piecesOf({ length, writeAt }: RowList): Generator<Buffer, void, undefined> {
  let index = 0;
  do {
    writer.clear();
    if (index === 0) writer.byte(LIST_BEGIN);
    const began = performance.now();
    while (index < length) {
      if (index > 0) writer.byte(COMMA);
      writeAt(index++, writer);
      if (index % ROWS_PER_LOOK > 0) continue;
      if (writer.size > PIECE_BYTES || performance.now() - began > PIECE_MILLISECONDS) break;
    }
    if (index === length) writer.byte(LIST_END);
    yield writer.take();
  } while (index < length);
}
