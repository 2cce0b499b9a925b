// The lines of the log for people at a terminal: time, level, who says it, the message, then the fields. Whatever
// could act upon the terminal is shown instead; only stack traces keep their lines, indented under the first.

import { prettyFactory } from 'pino-pretty';
import { visible } from './escaping.js';

/** The same in every line of a process. */
const LEFT_OUT = new Set(['time', 'level', 'service', 'version', 'message', 'context']);
const STACKS = new Set(['stack', 'cause']);

/** Needs no quotes to be told from what stands next to it. */
const PLAIN = /^[\w./:+@~-]+$/;

type Fields = Readonly<Record<string, unknown>>;
type Colour = (text: string) => string;

/** @returns what turns a JSON line into the text to be shown, its end included */
export function prettyPrinter(isColoured: boolean): (line: string) => string {
  const print = prettyFactory({
    colorize: isColoured,
    messageKey: 'message',
    hideObject: true,
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
    messageFormat: ({ fields }, _key, _level, { colors }) =>
      described(fields as Fields, isColoured ? colors.gray : (text) => text),
  });
  return (line) => {
    const fields = JSON.parse(line) as Fields;
    const { time, level } = fields;
    // It is given nothing else: some fields (`name`, `hostname`) it would print as they are.
    return print({ time, level, fields });
  };
}

function described(log: Fields, quiet: Colour): string {
  const { context, message } = log;
  const first = [
    ...(typeof context === 'string' ? [quiet(`[${visible(context)}]`)] : []),
    visible(String(message)),
  ];
  const below: string[] = [];
  for (const [name, value] of Object.entries(log)) {
    if (LEFT_OUT.has(name)) continue;
    if (STACKS.has(name) && typeof value === 'string' && value.includes('\n')) {
      below.push(...value.split('\n').map((line) => `\n    ${visible(line)}`));
    } else {
      first.push(quiet(`${visible(name)}=`) + shown(value));
    }
  }
  return first.join(' ') + quiet(below.join(''));
}

function shown(value: unknown): string {
  if (typeof value === 'string' && PLAIN.test(value)) return value;
  return visible(JSON.stringify(value));
}
