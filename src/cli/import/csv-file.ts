// A CSV file as a stream of records: plain or gzip, with or without a byte order mark, line ends of any
// system. Nothing of it is kept, so memory does not grow with the file.

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { CsvError, parse, type Parser } from 'csv-parse';
import { messageOf } from '../../core/app-error.js';
import { InputError } from './faults.js';

/** One record and how it stands in the file. */
export interface CsvRecord {
  readonly fields: readonly string[];
  readonly line: number;
  readonly raw: string;
}

/** What is told while a file is read: bytes as they stand on disk. */
export type ReadListener = (bytesRead: number, line: number) => void;

export const DELIMITERS = [',', ';', '\t'] as const;

/** Room for 10,000 columns; a quote that is never closed meets it before it fills the memory. */
const RECORD_BYTES_MAX = 4_194_304;

/** Lines between two reports of how far a file has been read. */
const LINES_PER_REPORT = 4096;

export class CsvFile {
  private constructor(
    readonly path: string,
    readonly bytes: number,
    readonly delimiter: string,
    private readonly isGzip: boolean,
  ) {}

  /**
   * @param delimiter guessed from the header where it is not given
   * @throws InputError where the file is missing, empty, a directory, or not text in UTF-8
   */
  static async open(path: string, delimiter?: string): Promise<CsvFile> {
    try {
      const file = await open(path);
      try {
        const stats = await file.stat();
        if (stats.isDirectory()) throw new InputError(`${path}: is a directory, not a file`);
        const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
        if (bytesRead === 0) throw new InputError(`${path}: is empty`);
        const isGzip = buffer[0] === 0x1f && buffer[1] === 0x8b;
        const header = await firstLine(path, isGzip);
        return new CsvFile(path, stats.size, delimiter ?? guessDelimiter(header), isGzip);
      } finally {
        await file.close();
      }
    } catch (error) {
      throw readFailure(path, error);
    }
  }

  /** The name of the file without its endings: `prices` for `data/prices.csv.gz`. */
  get name(): string {
    return basename(this.path).replace(/(\.(csv|tsv|txt))?(\.gz)?$/i, '');
  }

  /**
   * The records that are not blank, the header among them.
   * @throws InputError where the file cannot be read to its end
   */
  async *records(onRead: ReadListener = () => undefined): AsyncGenerator<CsvRecord> {
    const source = createReadStream(this.path);
    const parser = parse({
      delimiter: this.delimiter,
      record_delimiter: ['\r\n', '\n', '\r'],
      bom: true,
      raw: true,
      relax_column_count: true,
      relax_quotes: true,
      max_record_size: RECORD_BYTES_MAX,
    });
    const stages = this.isGzip ? [source, createGunzip(), parser] : [source, parser];
    // A failure of any stage destroys the last one with it, and so ends the loop below.
    const done = pipeline(stages).catch(() => undefined);
    let line = 1;
    try {
      for await (const { record, raw } of parser as RawRecords) {
        if (record.length > 1 || record[0] !== '') yield { fields: record, line, raw };
        line += 1 + lineEndsWithin(raw);
        if (line % LINES_PER_REPORT === 0) onRead(source.bytesRead, line);
      }
      onRead(this.bytes, line);
    } catch (error) {
      throw readFailure(this.path, error, line);
    } finally {
      source.destroy();
      await done;
    }
  }
}

type RawRecords = Parser & AsyncIterable<{ readonly record: string[]; readonly raw: string }>;

/** Line ends inside quotes: the one that ends the record does not count. */
function lineEndsWithin(raw: string): number {
  let count = 0;
  for (let at = raw.indexOf('\n'); at >= 0 && at < raw.length - 1; at = raw.indexOf('\n', at + 1)) {
    count++;
  }
  return count;
}

async function firstLine(path: string, isGzip: boolean): Promise<string> {
  const source = createReadStream(path, { highWaterMark: RECORD_BYTES_MAX });
  const bytes = isGzip ? source.pipe(createGunzip()) : source;
  source.on('error', (error) => bytes.destroy(error));
  let head = '';
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      if (chunk[0] === 0xff || chunk[0] === 0xfe || chunk.indexOf(0) >= 0) {
        throw new InputError(`${path}: is not text in UTF-8`);
      }
      head += chunk.toString('utf8');
      const end = head.search(/[\r\n]/);
      if (end >= 0) return head.slice(0, end);
      if (head.length > RECORD_BYTES_MAX) break;
    }
    return head;
  } finally {
    // Leaving the loop ends the last stage only.
    source.destroy();
  }
}

/** The one that occurs most often outside quotes. */
export function guessDelimiter(header: string): string {
  const unquoted = header.replaceAll(/"[^"]*"/g, '');
  const counts = DELIMITERS.map((delimiter) => unquoted.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))]!;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
  EISDIR: 'is a directory, not a file',
  Z_BUF_ERROR: 'the gzip file ends too early',
  Z_DATA_ERROR: 'the gzip file is damaged',
};

function readFailure(path: string, error: unknown, line?: number): unknown {
  if (error instanceof InputError) return error;
  if (error instanceof CsvError) {
    const reason =
      error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE'
        ? 'a quote is opened here and never closed'
        : error.message;
    return new InputError(`${path}:${line ?? 1}:1: ${reason}`, { cause: error });
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new InputError(`${path}: ${REASONS[code] ?? messageOf(error)}`, { cause: error });
}
