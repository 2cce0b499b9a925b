// What a file says about itself, in the key-value metadata of its Parquet footer, and the checksum by
// which it vouches for every byte. The SHA-256 is taken while its own place holds 64 zeros, then written
// into that place: other readers of Parquet see an ordinary text.

import { createHash, webcrypto } from 'node:crypto';
import { parquetMetadata } from 'hyparquet';
import { assert } from '../../core/assert.js';
import { messageOf } from '../../core/app-error.js';
import { Instant } from '../../core/instant.js';
import { inTurns, type Steps } from '../../core/steps.js';
import { Uuid } from '../../core/uuid.js';

/** Raised when the meaning of a file changes; a file with a higher one stops the start. */
export const FORMAT_VERSION = 2;
/** Facts that a release of format 1 would lose if it wrote the file anew: all else is as it was. */
const FACTS_OF_VERSION_2 = ['vintages', 'kept_after'];

/** Enough of a file's end to hold the footer of 100 row groups; larger footers are read in full. */
export const FOOTER_BYTES_GUESS = 65_536;

export type FileKind = 'series' | 'data_points' | 'sources' | 'deletions';

export interface FileFacts {
  readonly kind: FileKind;
  /** Whose file it is; null for the files that all series share. */
  readonly seriesId: Uuid | null;
  /** The commit instant of the last change that the file holds. */
  readonly throughSeq: Instant;
  /** More facts, by kind of file. */
  readonly extra: Readonly<Record<string, string>>;
}

export type FileIdentity = Pick<FileFacts, 'kind' | 'seriesId'>;

export interface SealedFacts extends FileFacts {
  readonly formatVersion: number;
  readonly sha256: string;
}

/** The file is not ours, or not whole. */
export class DamagedFileError extends Error {
  override readonly name = 'DamagedFileError';
}

/** The file was written by a later release. */
export class NewerFormatError extends Error {
  override readonly name = 'NewerFormatError';
}

/** Whether what is wrong is the file, and not the reading of it. */
export function isUnusable(error: unknown): boolean {
  return error instanceof DamagedFileError || error instanceof NewerFormatError;
}

const SHA256 = /^[0-9a-f]{64}$/;
const PLACEHOLDER = '0'.repeat(64);
const EMPTY_PLACE = Buffer.from(PLACEHOLDER);
const MAGIC = 'PAR1';

/** Hashed in about 3 ms. */
const HASHED_ON_MAIN_THREAD_BYTES = 1024 * 1024;
/** Copied for the other thread in about 5 ms; what is larger is hashed here, in turns. */
const COPIED_BYTES_MAX = 16 * HASHED_ON_MAIN_THREAD_BYTES;

/** Entries that the checksum of the facts does not cover: other checksums, and what the library adds. */
const UNCOVERED_KEYS = new Set(['sha256', 'facts_sha256', 'ARROW:schema']);
const RESERVED_KEYS = new Set([
  ...UNCOVERED_KEYS,
  'kind',
  'series_id',
  'through_seq',
  'format_version',
]);

// Thrift's compact protocol writes a text as its length and its bytes; 0x18 is a struct's field header
// "next field, binary". The key and the value of one metadata entry therefore stand in the file as:
const SEAL_PREFIX = Buffer.concat([
  Buffer.from([0x18, 6]),
  Buffer.from('sha256'),
  Buffer.from([0x18, 64]),
]);

/** The key-value metadata that a file is to be written with. */
export function metadataOf(facts: FileFacts): Map<string, string> {
  const entries = new Map([
    ['format_version', FACTS_OF_VERSION_2.some((fact) => fact in facts.extra) ? '2' : '1'],
    ['kind', facts.kind],
    ...(facts.seriesId === null ? [] : [['series_id', facts.seriesId] as const]),
    ['through_seq', String(facts.throughSeq)],
    ...Object.entries(facts.extra),
  ]);
  return entries.set('facts_sha256', factsDigest(entries)).set('sha256', PLACEHOLDER);
}

/**
 * The checksum of the facts alone. The start believes them (ranges of dates, the last commit) long before
 * it is time to read the whole file. Every later format has to keep this entry and `format_version`.
 */
export function factsDigest(entries: ReadonlyMap<string, string>): string {
  const covered = [...entries].filter(([key]) => !UNCOVERED_KEYS.has(key));
  covered.sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(covered)).digest('hex');
}

/** Puts the checksum into a file that was written with `metadataOf`, in place. */
export function seal(bytes: Uint8Array): { sha256: string } {
  const at = sealPosition(bytes);
  assert(at !== undefined, 'a written file has a place for its checksum');
  const place = Buffer.from(bytes.buffer, bytes.byteOffset + at, PLACEHOLDER.length);
  assert(place.toString('latin1') === PLACEHOLDER, 'the place for the checksum is empty');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  place.write(sha256, 'latin1');
  return { sha256 };
}

/**
 * Checks every byte of a file against its own checksum, and that it is the file it should be.
 * @throws DamagedFileError, NewerFormatError
 */
export function openSealed(bytes: Uint8Array, expected: FileIdentity): SealedFacts {
  const facts = readFacts(bytes, expected);
  const at = sealPosition(bytes);
  if (at === undefined) throw new DamagedFileError('the file has no checksum');
  if (digestOf(bytes, at) !== facts.sha256) {
    throw new DamagedFileError('the checksum does not match the content');
  }
  return facts;
}

/**
 * Whether a file is, byte for byte, the one whose checksum is known: then all that it says is believed, and
 * its footer need not be parsed.
 */
export function isFile(bytes: Uint8Array, sha256: string): boolean {
  const at = placeOf(bytes, sha256);
  return at !== undefined && digestOf(bytes, at) === sha256;
}

/** As `isFile`, with the checksum of a large file taken beside others. */
export async function checkFile(bytes: Uint8Array, sha256: string): Promise<boolean> {
  if (bytes.byteLength <= HASHED_ON_MAIN_THREAD_BYTES) return isFile(bytes, sha256);
  const at = placeOf(bytes, sha256);
  return at !== undefined && (await digestBesideOthers(bytes, at)) === sha256;
}

/** Where a file states this checksum. */
function placeOf(bytes: Uint8Array, sha256: string): number | undefined {
  const at = sealPosition(bytes);
  if (at === undefined) return undefined;
  const stated = Buffer.from(bytes.buffer, bytes.byteOffset + at, PLACEHOLDER.length);
  return stated.toString('latin1') === sha256 ? at : undefined;
}

function digestOf(bytes: Uint8Array, at: number): string {
  const hash = createHash('sha256').update(bytes.subarray(0, at)).update(PLACEHOLDER);
  return hash.update(bytes.subarray(at + PLACEHOLDER.length)).digest('hex');
}

function digestBesideOthers(bytes: Uint8Array, at: number): Promise<string> {
  return bytes.byteLength <= COPIED_BYTES_MAX
    ? digestInOtherThread(bytes, at)
    : inTurns(digestInSteps(bytes, at));
}

function* digestInSteps(bytes: Uint8Array, at: number): Steps<string> {
  const hash = createHash('sha256');
  const parts = [bytes.subarray(0, at), EMPTY_PLACE, bytes.subarray(at + PLACEHOLDER.length)];
  for (const part of parts) {
    for (let start = 0; start < part.byteLength; start += HASHED_ON_MAIN_THREAD_BYTES) {
      hash.update(part.subarray(start, start + HASHED_ON_MAIN_THREAD_BYTES));
      yield;
    }
  }
  return hash.digest('hex');
}

async function digestInOtherThread(bytes: Uint8Array, at: number): Promise<string> {
  const place = Buffer.from(bytes.buffer, bytes.byteOffset + at, PLACEHOLDER.length);
  const written = Buffer.from(place);
  place.write(PLACEHOLDER, 'latin1');
  // It copies what it is given before it returns, as its standard has it: one copy is enough.
  const digest = webcrypto.subtle.digest('SHA-256', bytes);
  written.copy(place);
  return Buffer.from(await digest).toString('hex');
}

/**
 * As `openSealed`, with the checksum of a large file taken beside others.
 * @throws DamagedFileError, NewerFormatError
 */
export async function checkSealed(bytes: Uint8Array, expected: FileIdentity): Promise<SealedFacts> {
  if (bytes.byteLength <= HASHED_ON_MAIN_THREAD_BYTES) return openSealed(bytes, expected);
  const facts = readFacts(bytes, expected);
  const at = sealPosition(bytes);
  if (at === undefined) throw new DamagedFileError('the file has no checksum');
  if ((await digestBesideOthers(bytes, at)) !== facts.sha256) {
    throw new DamagedFileError('the checksum does not match the content');
  }
  return facts;
}

/**
 * Reads the facts from a file, or from as much of its end as holds the footer. They are checked against a
 * checksum of their own; that of the whole file is told, not checked.
 * @throws DamagedFileError, NewerFormatError
 */
export function readFacts(tail: Uint8Array, expected: FileIdentity): SealedFacts {
  let entries: Map<string, string>;
  try {
    // Only the footer: the parser wants a buffer of its own, and a file can be large.
    const footer = new Uint8Array(tail.subarray(-(footerBytes(tail) ?? tail.byteLength)));
    const metadata = parquetMetadata(footer.buffer);
    entries = new Map(metadata.key_value_metadata?.map(({ key, value }) => [key, value ?? '']));
  } catch (error) {
    throw new DamagedFileError(`not a readable Parquet file: ${messageOf(error)}`);
  }
  const formatVersion = Number(entries.get('format_version'));
  const kind = entries.get('kind');
  const throughSeq = Number(entries.get('through_seq'));
  const sha256 = entries.get('sha256');
  if (!Number.isInteger(formatVersion) || kind === undefined || sha256 === undefined) {
    throw new DamagedFileError('the Parquet file was not written by this service');
  }
  if (entries.get('facts_sha256') !== factsDigest(entries)) {
    throw new DamagedFileError('the facts in the footer do not match their checksum');
  }
  if (formatVersion > FORMAT_VERSION) {
    throw new NewerFormatError(
      `format version ${formatVersion} is newer than ${FORMAT_VERSION}, the newest that this release knows`,
    );
  }
  if (!isFileKind(kind) || !Number.isSafeInteger(throughSeq) || !SHA256.test(sha256)) {
    throw new DamagedFileError('the facts in the footer make no sense');
  }
  const seriesId = Uuid.tryParse(entries.get('series_id') ?? '') ?? null;
  if (kind !== expected.kind || seriesId !== expected.seriesId) {
    const of = seriesId === null ? '' : ` of series ${seriesId}`;
    throw new DamagedFileError(`the file holds the ${kind}${of}, not what its name says`);
  }
  return {
    kind,
    seriesId,
    throughSeq: Instant.of(throughSeq),
    formatVersion,
    sha256,
    extra: Object.fromEntries([...entries].filter(([key]) => !RESERVED_KEYS.has(key))),
  };
}

/** How many bytes at the end of a file its footer takes, the length and the magic included. */
export function footerBytes(tail: Uint8Array): number | undefined {
  if (tail.byteLength < 8) return undefined;
  const end = Buffer.from(tail.buffer, tail.byteOffset + tail.byteLength - 8, 8);
  return end.toString('latin1', 4) === MAGIC ? end.readUInt32LE(0) + 8 : undefined;
}

function isFileKind(kind: string): kind is FileKind {
  return ['series', 'data_points', 'sources', 'deletions'].includes(kind);
}

/** The metadata follows the row groups in a footer, so the last match is the entry, never user data. */
function sealPosition(bytes: Uint8Array): number | undefined {
  const footer = footerBytes(bytes);
  if (footer === undefined || footer > bytes.byteLength) return undefined;
  const start = bytes.byteLength - footer;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset + start, footer);
  const at = view.lastIndexOf(SEAL_PREFIX);
  return at < 0 ? undefined : start + at + SEAL_PREFIX.length;
}
