// A complete answer as bytes, and in the encodings that clients asked for so far.

import { hash } from 'node:crypto';
import type { AnswerReads } from '../execution/answer-reads.js';
import { compressed, type ContentCoding } from './compression.js';

/** What an answer costs beside its bytes: its objects, its name, the versions of what it has read. */
const OVERHEAD_BYTES = 1024;
const SERIES_BYTES = 160;
/** Encodings take a sixth of the text each; all of them are paid for in advance. */
const ENCODINGS_SHARE = 0.5;
const SHORT_LENGTH = 16_384;

export class Answer {
  /** Of the content: answers that say the same have the same tag, whenever and wherever they were made. */
  readonly entityTag: string;
  private readonly encoded = new Map<ContentCoding, Promise<Buffer>>();

  /** A text where it is short: with its head it goes to the socket in one piece. */
  readonly body: string | Buffer;

  constructor(
    content: string | Buffer,
    readonly reads: AnswerReads,
  ) {
    this.body = content.length > SHORT_LENGTH ? bytesOf(content) : content.toString();
    // Weak, because an encoding is another sequence of bytes with the same content.
    this.entityTag = `W/"${hash('sha1', this.body, 'base64url')}"`;
  }

  /** Whether the next reader would be answered the same. */
  get isCurrent(): boolean {
    return this.reads.areCurrent;
  }

  get isCacheable(): boolean {
    return this.reads.areVersioned;
  }

  /** What keeping it costs. */
  get bytes(): number {
    // In memory a text may take two bytes for a character.
    const length = this.body.length * (typeof this.body === 'string' ? 2 : 1);
    return (
      OVERHEAD_BYTES + SERIES_BYTES * this.reads.size + Math.ceil(length * (1 + ENCODINGS_SHARE))
    );
  }

  /** The body as bytes. */
  get content(): Buffer {
    return bytesOf(this.body);
  }

  /** The body in an encoding, made when it is first asked for. */
  in(coding: ContentCoding): Promise<Buffer> {
    let bytes = this.encoded.get(coding);
    if (!bytes) {
      bytes = compressed(this.content, coding);
      this.encoded.set(coding, bytes);
      bytes.catch(() => this.encoded.delete(coding));
    }
    return bytes;
  }
}

function bytesOf(content: string | Buffer): Buffer {
  return typeof content === 'string' ? Buffer.from(content) : content;
}
