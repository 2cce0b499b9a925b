// A complete answer as bytes, and in the encodings that clients asked for so far.

import { crc32, crc32c } from '@node-rs/crc32';
import type { AnswerReads } from '../execution/answer-reads.js';
import { compressed, type ContentCoding } from './compression.js';

/** What an answer costs beside its bytes: its objects, its name, the versions of what it has read. */
const OVERHEAD_BYTES = 1024;
const SERIES_BYTES = 160;
/** Encodings take a tenth of the text each; all of them are paid for in advance. */
const ENCODINGS_SHARE = 0.5;
const SHORT_BYTES = 16_384;

export class Answer {
  /**
   * Of the content: answers that say the same have the same tag, whenever and wherever they were made. Two
   * checksums of different polynomials are one of 64 bits, and take less than a microsecond; SHA-1 takes ten.
   */
  readonly entityTag: string;
  private readonly encoded = new Map<ContentCoding, Promise<Buffer>>();

  /** A text where it is short: with its head it goes to the socket in one piece. */
  readonly body: string | Buffer;

  constructor(
    bytes: Buffer,
    readonly reads: AnswerReads,
  ) {
    this.body = bytes.length > SHORT_BYTES ? bytes : bytes.toString();
    const checksums = [crc32(bytes), crc32c(bytes), bytes.length].map((n) => n.toString(36));
    // Weak, because an encoding is another sequence of bytes with the same content.
    this.entityTag = `W/"${checksums.join('-')}"`;
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

  /** The body in an encoding, made when it is first asked for. */
  in(coding: ContentCoding): Promise<Buffer> {
    let bytes = this.encoded.get(coding);
    if (!bytes) {
      bytes = compressed(Buffer.from(this.body), coding);
      this.encoded.set(coding, bytes);
      bytes.catch(() => this.encoded.delete(coding));
    }
    return bytes;
  }
}
