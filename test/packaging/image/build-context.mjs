// Which files .dockerignore lets into the build, by Docker's rules: the last pattern that matches a path or a folder
// above it decides.

import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** @returns whether a path is let in */
export function letsIn(text) {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => {
      const isException = line.startsWith('!');
      const pattern = posix.normalize(isException ? line.slice(1) : line).replace(/^\/|\/$/g, '');
      return { isException, expression: expressionOf(pattern) };
    });
  return (path) => {
    const parts = path.split('/');
    const above = parts.map((_, i) => parts.slice(0, i + 1).join('/'));
    return rules.reduce(
      (isIn, { isException, expression }) =>
        above.some((prefix) => expression.test(prefix)) ? isException : isIn,
      true,
    );
  };
}

function expressionOf(pattern) {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    if (pattern.startsWith('**/', i)) {
      source += '(?:.*/)?';
      i += 2;
    } else if (pattern.startsWith('**', i)) {
      source += '.*';
      i += 1;
    } else if (pattern[i] === '*') source += '[^/]*';
    else if (pattern[i] === '?') source += '[^/]';
    else source += pattern[i].replace(/[.+^${}()|[\]\\]/g, '\\$&');
  }
  return new RegExp(`^${source}$`);
}

/** Every file of a checkout that the build may copy, by its path in it. */
export function contextFiles(root) {
  const isIn = letsIn(readFileSync(join(root, '.dockerignore'), 'utf8'));
  const below = (folder) =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      // Nothing is let in from there, and there is much of it.
      if (path === 'node_modules' || path === '.git') return [];
      return entry.isDirectory() ? below(path) : [path];
    });
  return below('.').filter(isIn);
}
