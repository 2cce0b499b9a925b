// The last errors of a log file. Its end is read only, so that a log of many gigabytes takes no longer than a small one.

import { open } from 'node:fs/promises';
import type { LogFacts, LoggedError } from './facts.js';
import type { Secrets } from './secrets.js';

/** Some 50,000 lines. */
const TAIL_BYTES = 16_000_000;
const ERRORS_MAX = 10;
const MESSAGE_CHARACTERS_MAX = 300;

/** @throws the system's error where the file cannot be read */
export async function logFacts(path: string, secrets: Secrets): Promise<LogFacts> {
  const { text, isWhole } = await endOf(path);
  const lines = text.split('\n').slice(isWhole ? 0 : 1);
  const written = lines.filter((line) => line.trim() !== '');
  const entries = written.map(entryOf);
  const last = entries.filter((entry) => entry?.['level'] === 'error').slice(-ERRORS_MAX);
  return {
    file: secrets.hide(path),
    lines: written.length,
    notJson: entries.filter((entry) => entry === undefined).length,
    errors: byMessage(last.filter((entry) => entry !== undefined).map((e) => errorOf(e, secrets))),
  };
}

type Entry = Readonly<Record<string, unknown>>;

async function endOf(path: string): Promise<{ text: string; isWhole: boolean }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const bytes = Buffer.alloc(size - start);
    let done = 0;
    while (done < bytes.byteLength) {
      const { bytesRead } = await file.read(bytes, done, bytes.byteLength - done, start + done);
      // It was cut meanwhile, by a rotation.
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return { text: bytes.toString('utf8', 0, done), isWhole: start === 0 };
  } finally {
    await file.close();
  }
}

function entryOf(line: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function errorOf(entry: Entry, secrets: Secrets): LoggedError {
  const field = (name: string): string | undefined => {
    const value = entry[name];
    return typeof value === 'string'
      ? secrets.hide(value).replace(/\s+/g, ' ').slice(0, MESSAGE_CHARACTERS_MAX)
      : undefined;
  };
  return {
    message: field('message') ?? '',
    reason: field('reason') ?? field('cause'),
    count: 1,
    lastTime: field('time'),
    code: field('code'),
    requestId: field('requestId'),
  };
}

/** The newest first; of each message the fields of its last line. */
function byMessage(errors: readonly LoggedError[]): LoggedError[] {
  const groups = new Map<string, LoggedError>();
  for (const error of errors.toReversed()) {
    const newer = groups.get(error.message);
    groups.set(error.message, newer ? { ...newer, count: newer.count + 1 } : error);
  }
  return [...groups.values()];
}
