// Takes out of a production node_modules what the service does not load: an image carries it to every node of a cluster.
// The rules are in prune-rules.mjs. What goes is planned first; nothing goes, and the build ends, where a file that stays
// asks for one that would go, or where a rule matches nothing and so has outlived its package.
//
//   node scripts/image/prune-modules.mjs [node_modules]

import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { FILES, FOLDERS, LICENCE, PARTS } from './prune-rules.mjs';

const RULES = [...PARTS, FOLDERS, ...FILES];
const SCRIPT = /\.[cm]?js$/;
/** What `import`, `export … from`, `import()` and `require()` name; inside of texts and comments, too, which does no harm. */
const ASKED = /(?:\bfrom|\bimport|\brequire\()\s*\(?\s*(["'])([^"'\n]+)\1/g;

const root = resolve(process.argv[2] ?? 'node_modules');
const packages = new Set(packagesBelow(root));
const files = filesBelow(root);
const taken = new Map(files.flatMap((file) => ruleOf(file) ?? []));

const idle = RULES.filter((rule) => ![...taken.values()].includes(rule));
for (const rule of idle) process.stderr.write(`Matches nothing: ${titleOf(rule)}\n`);
const needed = files.filter((file) => SCRIPT.test(file) && !taken.has(file)).flatMap(neededBy);
for (const line of needed) process.stderr.write(`${line}\n`);
if (idle.length + needed.length > 0) process.exit(1);

report();
for (const file of taken.keys()) rmSync(file);
// npm's own notes, and links to commands of the packages.
for (const name of ['.bin', '.package-lock.json'])
  rmSync(join(root, name), { recursive: true, force: true });
removeEmptyFolders(root);

/** @returns the file and the rule that takes it */
function ruleOf(file) {
  const folders = packagesAround(file);
  const whole = PARTS.find((rule) => !rule.parts && folders.some((each) => isOf(rule, each)));
  // Whoever does not carry a package need not carry its licence.
  if (whole) return [[file, whole]];
  const [folder] = folders;
  if (!folder || LICENCE.test(basename(file))) return undefined;
  const inside = file.slice(folder.length + 1).split('/');
  const rule =
    PARTS.find((part) => part.parts && isOf(part, folder) && isPart(part, inside)) ??
    (inside.length > 1 && FOLDERS.names.includes(inside[0]) ? FOLDERS : undefined) ??
    FILES.find(({ name }) => name.test(basename(file)));
  return rule && [[file, rule]];
}

function isOf(rule, folder) {
  return matches(rule.package, nameOf(folder));
}

function isPart({ parts }, inside) {
  return parts.some((part) => part.split('/').every((name, i) => matches(name, inside[i] ?? '')));
}

/** What a file that stays asks for and would not find: a line for each. */
function neededBy(file) {
  const { resolve: find } = createRequire(file);
  const names = new Set([...readFileSync(file, 'utf8').matchAll(ASKED)].map(([, , name]) => name));
  return [...names].flatMap((name) => {
    // In comments for compilers.
    if (/\.[cm]?ts$/.test(name)) return [];
    let path;
    try {
      path = find(name);
    } catch {
      // Not there before either: an optional peer, a branch for another platform, or no import at all.
      return [];
    }
    const rule = taken.get(path);
    return rule ? [`${file} asks for ${name}, which would go: ${titleOf(rule)}`] : [];
  });
}

function report() {
  const megabytes = (some) => {
    const bytes = some.reduce((sum, file) => sum + lstatSync(file).size, 0);
    return `${(bytes / 1e6).toFixed(1)} MB`;
  };
  for (const rule of RULES) {
    const its = [...taken.keys()].filter((file) => taken.get(file) === rule);
    process.stdout.write(`${megabytes(its).padStart(9)}  ${titleOf(rule)}: ${rule.why}\n`);
  }
  const left = files.filter((file) => !taken.has(file));
  process.stdout.write(`${megabytes(files)} in ${files.length} files before, `);
  process.stdout.write(`${megabytes(left)} in ${left.length} after\n`);
}

function titleOf({ package: name, names, name: pattern }) {
  return name ?? names?.join(', ') ?? String(pattern);
}

/** The folders of all packages, those below others included. */
function packagesBelow(modules) {
  if (!existsSync(modules)) return [];
  return foldersIn(modules)
    .flatMap((path) => (basename(path).startsWith('@') ? foldersIn(path) : [path]))
    .flatMap((path) => [path, ...packagesBelow(join(path, 'node_modules'))]);
}

function foldersIn(path) {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== '.bin')
    .map((entry) => join(path, entry.name));
}

/** The packages that a file is in, the innermost first. */
function packagesAround(file) {
  const around = [];
  for (let folder = dirname(file); folder.length > root.length; folder = dirname(folder))
    if (packages.has(folder)) around.push(folder);
  return around;
}

function nameOf(folder) {
  return folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function matches(pattern, name) {
  const [start, ...ends] = pattern.split('*');
  if (ends.length === 0) return pattern === name;
  if (!name.startsWith(start)) return false;
  let at = start.length;
  for (const end of ends.slice(0, -1)) {
    const found = name.indexOf(end, at);
    if (found < 0) return false;
    at = found + end.length;
  }
  const last = ends.at(-1);
  return name.length - at >= last.length && name.endsWith(last);
}

function filesBelow(path) {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const inner = join(path, entry.name);
    return entry.isDirectory() ? filesBelow(inner) : [inner];
  });
}

function removeEmptyFolders(path) {
  for (const inner of foldersIn(path)) removeEmptyFolders(inner);
  if (readdirSync(path).length === 0) rmSync(path, { recursive: true });
}
