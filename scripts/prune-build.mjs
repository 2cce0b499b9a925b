// Removes from dist/ what no source stands behind any more, and fails where a source was not compiled: what is packed is then
// what the sources say. A build adds and replaces files, and never removes one.

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const PLAYGROUND = join('graphql', 'playground', '/');
const OUTPUT = /(\.d\.ts|\.js|\.js\.map)$/;

const sources = new Set(
  filesBelow('src', '')
    .filter((path) => /(?<!\.d|\.spec)\.ts$/.test(path) && !path.startsWith(PLAYGROUND))
    .map((path) => path.replace(/\.ts$/, '')),
);

for (const path of filesBelow('dist', '')) {
  if (path.startsWith('playground') || !OUTPUT.test(path)) continue;
  if (sources.has(path.replace(OUTPUT, ''))) continue;
  process.stdout.write(`Removing ${join('dist', path)}: it has no source\n`);
  rmSync(join('dist', path));
}

const missing = [...sources].filter((path) => !existsSync(join('dist', `${path}.js`)));
if (!existsSync(join('dist', 'playground', 'index.html'))) missing.push('playground/index.html');
if (missing.length > 0) {
  process.stderr.write(`Not in dist/: ${missing.join(', ')}; remove dist/ and build again\n`);
  process.exit(1);
}

function filesBelow(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(root, path) : [path];
  });
}
