// A FlightData message that is not written until grpc-js has a place for it: it asks what it sends for its
// length and has it copied behind the frame's head, so the columns are written straight there, and copied once
// on their whole way from the cache to the socket. (With a buffer in between, 15 % fewer bytes went through one
// stream, and twice the memory had to be collected.)

import type { BodyPart } from './column-body.js';

// The keys of FlightData: field number and wire type 2 (length-delimited).
const DATA_HEADER_KEY = (2 << 3) | 2;
const APP_METADATA_KEY = (3 << 3) | 2;
const DATA_BODY_KEY = (1000 << 3) | 2;

/** Before every message of gRPC: whether it is compressed, and its length. */
const GRPC_HEAD_BYTES = 5;

/** Numbers are written in place only where they lie well. */
const WORD_BYTES = 8;

export interface PlacedPart {
  readonly part: BodyPart;
  /** In the body. */
  readonly offset: number;
}

export interface FlightDataContent {
  /** An Arrow message without its body. */
  readonly header: Uint8Array;
  /** In the order of their offsets. */
  readonly parts: readonly PlacedPart[];
  readonly bodyLength: number;
  /** Of a record batch. */
  readonly rows?: number;
  /** Handed to the reader beside the Arrow message. */
  readonly appMetadata?: Uint8Array | undefined;
}

export class FlightDataMessage {
  readonly byteLength: number;
  /** Zeros behind the header, which readers ignore, so that the body begins at a whole word. */
  private readonly padding: number;

  constructor(private readonly content: FlightDataContent) {
    const { header, bodyLength, appMetadata } = content;
    const prefix = (padding: number): number =>
      fieldLength(DATA_HEADER_KEY, header.byteLength + padding) +
      (appMetadata ? fieldLength(APP_METADATA_KEY, appMetadata.byteLength) : 0) +
      fieldLength(DATA_BODY_KEY, bodyLength) -
      bodyLength;
    let padding = 0;
    while ((GRPC_HEAD_BYTES + prefix(padding)) % WORD_BYTES !== 0) padding++;
    this.padding = padding;
    this.byteLength = prefix(padding) + bodyLength;
  }

  /** Of a record batch; 0 of every other message. */
  get rows(): number {
    return this.content.rows ?? 0;
  }

  /** Named and called like the method of a Buffer. */
  copy(target: Uint8Array, start: number): void {
    const { header, parts, bodyLength, appMetadata } = this.content;
    let at = putVarint(target, start, DATA_HEADER_KEY);
    at = putVarint(target, at, header.byteLength + this.padding);
    target.set(header, at);
    at += header.byteLength;
    target.fill(0, at, at + this.padding);
    at += this.padding;
    if (appMetadata) {
      at = putVarint(target, putVarint(target, at, APP_METADATA_KEY), appMetadata.byteLength);
      target.set(appMetadata, at);
      at += appMetadata.byteLength;
    }
    at = putVarint(target, putVarint(target, at, DATA_BODY_KEY), bodyLength);
    let end = 0;
    for (const { part, offset } of parts) {
      target.fill(0, at + end, at + offset);
      end = offset + part.byteLength;
      write(part, target.subarray(at + offset, at + end));
    }
    target.fill(0, at + end, at + bodyLength);
  }
}

function write(part: BodyPart, to: Uint8Array): void {
  if (to.byteOffset % WORD_BYTES === 0) {
    part.write(to);
    return;
  }
  const aside = new Uint8Array(to.byteLength);
  part.write(aside);
  to.set(aside);
}

function fieldLength(key: number, byteLength: number): number {
  return varintLength(key) + varintLength(byteLength) + byteLength;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

/** @returns the position behind it */
function putVarint(to: Uint8Array, at: number, value: number): number {
  let rest = value;
  while (rest >= 0x80) {
    to[at++] = (rest & 0x7f) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  to[at++] = rest;
  return at;
}
