// Builds the service and the playground into dist/. With --if-stale, only what is older than its sources.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PLAYGROUND = join('src', 'graphql', 'playground');
const BUILD_FILES = ['package-lock.json', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json'];

const parts = [
  {
    name: 'service',
    sources: () => [...BUILD_FILES, ...filesBelow('src', (path) => path !== PLAYGROUND)],
    command: ['nest', 'build'],
  },
  {
    name: 'playground',
    sources: () => ['package-lock.json', ...filesBelow(PLAYGROUND)],
    command: [
      'vite',
      'build',
      '--logLevel',
      'warn',
      '--config',
      join(PLAYGROUND, 'vite.config.ts'),
    ],
  },
];

const onlyStale = process.argv.includes('--if-stale');

for (const { name, sources, command } of parts) {
  const stamp = join('dist', `.built-${name}`);
  const newest = Math.max(...sources().map(modified));
  if (onlyStale && modified(stamp) > newest) continue;
  process.stdout.write(`Building the ${name} …\n`);
  const [tool, ...args] = command;
  // `npx --no` runs the installed tool and never fetches one.
  const { status } = spawnSync('npx', ['--no', '--', tool, ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  mkdirSync('dist', { recursive: true });
  writeFileSync(stamp, '');
}

function filesBelow(folder, enter = () => true) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return enter(path) ? filesBelow(path, enter) : [];
    return [path];
  });
}

/** Milliseconds since 1970; 0 where there is no such file. */
function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
