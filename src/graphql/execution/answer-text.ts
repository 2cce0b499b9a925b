// The JSON of an answer while it is put together: text, with gaps for what is still being read, and long
// lists that are turned into text only when the answer is sent.

/** A list that is written late, because it is long. Once an answer is complete, writing it cannot fail. */
export interface LongList {
  readonly length: number;
  /** The JSON of one element. */
  readonly textAt: (index: number) => string;
}

/** Rows that are turned into text at a time: some tens of kilobytes, in less than a millisecond. */
const ROWS_PER_CHUNK = 1000;

export class AnswerText {
  /** The end of it, for whoever writes. */
  text = '';
  private readonly parts: (string | AnswerText | LongList)[] = [];

  /** Leaves a gap here; what follows is written behind it. */
  gap(): AnswerText {
    const gap = new AnswerText();
    this.push(gap);
    return gap;
  }

  list(list: LongList): void {
    this.push(list);
  }

  /** Elements of long lists. */
  get rowCount(): number {
    let rows = 0;
    for (const part of this.parts) {
      if (part instanceof AnswerText) rows += part.rowCount;
      else if (typeof part !== 'string') rows += part.length;
    }
    return rows;
  }

  /** The whole text, in pieces; it can be asked for more than once. */
  *chunks(): Generator<string, void, undefined> {
    for (const part of this.parts) {
      if (typeof part === 'string') yield part;
      else if (part instanceof AnswerText) yield* part.chunks();
      else yield* chunksOf(part);
    }
    yield this.text;
  }

  toString(): string {
    let text = '';
    for (const part of this.parts) {
      if (typeof part === 'string') text += part;
      else if (part instanceof AnswerText) text += part.toString();
      else for (const chunk of chunksOf(part)) text += chunk;
    }
    return text + this.text;
  }

  private push(part: AnswerText | LongList): void {
    this.parts.push(this.text, part);
    this.text = '';
  }
}

function* chunksOf({ length, textAt }: LongList): Generator<string, void, undefined> {
  let chunk = '[';
  for (let index = 0; index < length; index++) {
    if (index > 0) chunk += ',';
    chunk += textAt(index);
    if (index % ROWS_PER_CHUNK === ROWS_PER_CHUNK - 1) {
      yield chunk;
      chunk = '';
    }
  }
  yield `${chunk}]`;
}
