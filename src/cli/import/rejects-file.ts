// Where `--skip-bad-lines` puts the lines that it skips: a CSV like the one they come from, with one more
// column that says why. It can be mended and imported as it is.

import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { REJECT_COLUMN } from './columns.js';
import type { CsvFile, CsvRecord } from './csv-file.js';
import { InputError, type Fault } from './faults.js';

export class RejectsFile {
  private constructor(
    readonly path: string,
    private readonly stream: WriteStream,
    private readonly header: readonly string[],
    private readonly delimiter: string,
  ) {
    // Whatever fails after the opening is told by the next write that waits, or by `close`.
    stream.on('error', () => undefined);
  }

  /**
   * Starts the file beside the one that is imported; one of an earlier import is replaced.
   * @throws InputError where it cannot be written
   */
  static async create(csv: CsvFile, header: readonly string[]): Promise<RejectsFile> {
    const path = rejectsPath(csv.path);
    const stream = createWriteStream(path);
    try {
      await once(stream, 'open');
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
      throw new InputError(`${path}: cannot be written${code}`, { cause: error });
    }
    const file = new RejectsFile(path, stream, header, csv.delimiter);
    await file.write([...file.withoutReasons(header), REJECT_COLUMN]);
    return file;
  }

  async add({ fields, line }: CsvRecord, faults: readonly Fault[]): Promise<void> {
    const reasons = faults.map(({ column, reason }) => `${line}:${column}: ${reason}`);
    const padding = new Array<string>(Math.max(0, this.header.length - fields.length)).fill('');
    await this.write([...this.withoutReasons(fields), ...padding, reasons.join('; ')]);
  }

  async close(): Promise<void> {
    this.stream.end();
    await finished(this.stream);
  }

  /** A rejects file that was mended in part has reasons of its own. */
  private withoutReasons(fields: readonly string[]): string[] {
    return fields.filter((_, at) => this.header[at] !== REJECT_COLUMN);
  }

  private async write(fields: readonly string[]): Promise<void> {
    const line = fields.map((field) => quoted(field, this.delimiter)).join(this.delimiter);
    if (!this.stream.write(`${line}\n`)) await once(this.stream, 'drain');
  }
}

export function rejectsPath(path: string): string {
  return `${path.replace(/(\.(csv|tsv|txt))?(\.gz)?$/i, '')}.rejects.csv`;
}

function quoted(field: string, delimiter: string): string {
  const needsQuotes = /["\r\n]/.test(field) || field.includes(delimiter);
  return needsQuotes ? `"${field.replaceAll('"', '""')}"` : field;
}
