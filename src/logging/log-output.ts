// Where lines of the log go: made safe for whatever reads them, one write each, before the call that logs returns,
// so that the last words of a process that ends are not lost.

import { pino, type DestinationStream } from 'pino';
import { escapedJson } from './escaping.js';
import { prettyPrinter } from './pretty.js';

/** What may wait in memory while standard output cannot be written; what comes after that is lost. */
const WAITING_BYTES_MAX = 1_048_576;

const STANDARD_OUTPUT = 1;

export interface OutputForm {
  readonly isPretty: boolean;
  readonly isColoured: boolean;
}

/** @param output takes one whole line at a time */
export function logOutput(
  output: DestinationStream,
  { isPretty, isColoured }: OutputForm,
): DestinationStream {
  const print = isPretty ? prettyPrinter(isColoured) : escapedJson;
  return { write: (line) => output.write(print(line)) };
}

export function standardOutput(): DestinationStream {
  const output = pino.destination({
    dest: STANDARD_OUTPUT,
    sync: true,
    maxLength: WAITING_BYTES_MAX,
  });
  // A full disk, or a reader that has gone, is no reason to stop serving, and this was the place to tell of it.
  // What waits is tried again with the next line.
  output.on('error', () => undefined);
  return output;
}
