// Files as a dying disk, a careless copy or a later release would leave them.

import { readFile, writeFile } from 'node:fs/promises';
import { parquetMetadata } from 'hyparquet';
import { factsDigest, FORMAT_VERSION, seal } from '../../src/storage/parquet/file-seal.js';

export async function rewriteFile(
  path: string,
  change: (bytes: Buffer) => Uint8Array,
): Promise<void> {
  await writeFile(path, change(await readFile(path)));
}

/** With one bit of the byte at `offset` turned over. */
export function flip(bytes: Uint8Array, offset: number): Uint8Array {
  const damaged = Uint8Array.from(bytes);
  damaged[offset]! ^= 1 << (offset % 8);
  return damaged;
}

/** Offsets spread over a file, its last bytes (where the facts are) more densely. */
export function sampledOffsets(length: number, count: number): number[] {
  const spread = Array.from({ length: count }, (_, n) => Math.floor((n * length) / count));
  const end = Array.from({ length: count }, (_, n) => length - 1 - n * 7).filter((at) => at >= 0);
  return [...new Set([...spread, ...end])];
}

/** With the last digit of one fact in the footer changed, and every checksum left as it was. */
export function withWrongFact(bytes: Buffer, key: string): Uint8Array {
  // Thrift's compact protocol: field header, length, key; field header, length, value.
  const entry = Buffer.from(`\x18${String.fromCharCode(key.length)}${key}\x18`, 'latin1');
  const at = bytes.lastIndexOf(entry) + entry.length;
  const changed = Buffer.from(bytes);
  const lastDigit = at + bytes[at]!;
  changed[lastDigit] = bytes[lastDigit]! === 0x39 ? 0x38 : bytes[lastDigit]! + 1;
  return changed;
}

/** The same file under the next format version, with checksums that are right again. */
export function withNewerFormat(bytes: Uint8Array): Uint8Array {
  const changed = Buffer.from(bytes);
  const entries = new Map(
    parquetMetadata(Uint8Array.from(bytes).buffer).key_value_metadata!.map(({ key, value }) => [
      key,
      value!,
    ]),
  );
  const before = new Map(entries);
  const newer = String(FORMAT_VERSION + 1);
  entries.set('format_version', newer).set('facts_sha256', factsDigest(entries));
  const versionEntry = Buffer.from('\x18\x0eformat_version\x18\x01', 'latin1');
  changed.write(newer, changed.lastIndexOf(versionEntry) + versionEntry.length, 'latin1');
  for (const [key, value] of [
    ['facts_sha256', entries.get('facts_sha256')!],
    ['sha256', '0'.repeat(64)],
  ] as const) {
    changed.write(value, changed.lastIndexOf(before.get(key)!), 'latin1');
  }
  seal(changed);
  return changed;
}
