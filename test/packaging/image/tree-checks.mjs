// What lies in the image: only production dependencies, for the right processor, owned by nobody who could change them.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const IMAGE_BYTES_MAX = 250_000_000;
/** `e_machine` of the ELF header. */
const MACHINES = { 62: 'amd64', 183: 'arm64' };
/** Of a link, a folder or a file that everybody may read and only its owner may write. */
const MODE = /^(l.*|d...r-xr-x|-...r-[x-]r-[x-])$/;
/** What the service cannot do without, and what is built for a processor. */
const NATIVE = ['koffi.node', 'crc32.'];

export async function checkTree(check, { root, list, lock, manifest, architecture, isOwned }) {
  const modules = join(root, 'app/node_modules');
  await check('every package in the tree is a production dependency of the lock file', () => {
    const packages = packagesBelow(modules).map((path) => relative(join(root, 'app'), path));
    if (packages.length < 100) throw new Error(`only ${packages.length} packages`);
    const wrong = packages.filter((path) => {
      const locked = lock.packages[path];
      const { version } = JSON.parse(readFileSync(join(root, 'app', path, 'package.json'), 'utf8'));
      return !locked || locked.dev || locked.devOptional || locked.version !== version;
    });
    if (wrong.length > 0) throw new Error(wrong.join(', '));
    return `${packages.length} packages`;
  });
  await check('every dependency of package.json is in the tree, and keeps its licence', () => {
    const names = Object.keys(manifest.dependencies);
    const missing = names.filter((name) => !existsSync(join(modules, name, 'package.json')));
    if (missing.length > 0) throw new Error(missing.join(', '));
    if (!existsSync(join(root, 'app/LICENSE'))) throw new Error('LICENSE');
    return `${names.length} dependencies`;
  });
  await check('the application has no source map, typing, test or stamp of the build', () => {
    const wrong = filesBelow(join(root, 'app/dist')).filter((path) =>
      /\.map$|\.d\.ts$|\.spec\.|\/\.[^/]+$/.test(path),
    );
    if (wrong.length > 0) throw new Error(wrong.slice(0, 5).join(', '));
  });
  await checkNative(check, modules, architecture);
  if (!isOwned) return;
  await check('files belong to root, all can read them, and only the data can be written', () => {
    const entries = list.split('\n').filter(Boolean).map(entryOf);
    const data = entries.find(({ path }) => path === 'app/data');
    if (data?.owner !== '1000/0' || data.mode !== 'drwxrwxr-x')
      throw new Error(`app/data is ${data?.mode} ${data?.owner}`);
    const wrong = entries
      .filter(({ path }) => /^(app|usr\/local)(\/|$)/.test(path) && path !== 'app/data')
      .filter(({ mode, owner }) => owner !== '0/0' || !MODE.test(mode));
    if (wrong.length > 0)
      throw new Error(
        wrong
          .slice(0, 5)
          .map(({ path, mode, owner }) => `${path} is ${mode} ${owner}`)
          .join(', '),
      );
  });
}

export async function checkNative(check, modules, architecture) {
  await check(`native libraries are those of linux/${architecture}`, () => {
    const files = filesBelow(modules).filter((path) => /\.node$|\.so(\.\d+)*$/.test(path));
    const machines = files.map((path) => MACHINES[readFileSync(path).readUInt16LE(18)]);
    if (machines.some((machine) => machine !== architecture))
      throw new Error(files.map((path, i) => `${path}: ${machines[i]}`).join(', '));
    const missing = NATIVE.filter((name) => !files.some((path) => path.includes(name)));
    if (missing.length > 0) throw new Error(`none of ${missing.join(', ')}`);
    return files.map((path) => relative(modules, path)).join(', ');
  });
}

export async function checkSize(check, { bytes, root }) {
  const sizeOf = (path) =>
    filesBelow(join(root, path)).reduce((sum, file) => sum + readFileSync(file).length, 0);
  const megabytes = (count) => `${(count / 1e6).toFixed(1)} MB`;
  await check(`the image is smaller than ${megabytes(IMAGE_BYTES_MAX)}`, () => {
    if (!(bytes < IMAGE_BYTES_MAX)) throw new Error(megabytes(bytes));
    const parts = ['app/node_modules', 'app/dist', 'nodejs'];
    return `${megabytes(bytes)}, of it ${parts.map((part) => `${part} ${megabytes(sizeOf(part))}`).join(', ')}`;
  });
}

function entryOf(line) {
  const [mode, owner, , , , ...name] = line.split(/\s+/);
  return { mode, owner, path: name[0].replace(/^\.?\//, '').replace(/\/$/, '') };
}

function packagesBelow(modules) {
  if (!existsSync(modules)) return [];
  return readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@')
        ? readdirSync(join(modules, name)).map((inner) => join(name, inner))
        : [name],
    )
    .map((name) => join(modules, name))
    .flatMap((path) => [path, ...packagesBelow(join(path, 'node_modules'))]);
}

export function filesBelow(path) {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) return filesBelow(inner);
    return entry.isFile() ? [inner] : [];
  });
}
