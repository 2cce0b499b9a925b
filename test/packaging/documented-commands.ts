// The commands in the documentation's examples, so that tests hold them against what works.

import { readFileSync } from 'node:fs';

const FENCED = /^ *```\w*\n([\s\S]*?)^ *```$/gm;
const INLINE = /`([^`]+)`/g;

/**
 * @returns what stands in the code of a Markdown document, or in the comments of another file: one line per command,
 *   without its comment
 */
export function documentedCommands(path: string): string[] {
  const text = readFileSync(path, 'utf8').replaceAll('\\\n', ' ');
  const code = path.endsWith('.md')
    ? [
        ...Array.from(text.matchAll(FENCED), ([, block]) => block!.split('\n')).flat(),
        ...Array.from(text.replaceAll(FENCED, '').matchAll(INLINE), ([, words]) => words!),
      ]
    : Array.from(text.matchAll(/^# (.*)$/gm), ([, comment]) => comment!);
  return code
    .map((words) => words.replaceAll(/\s+/g, ' ').replace(/ # .*/, ''))
    .flatMap((line) => line.split(' && '))
    .map((command) => command.trim());
}
