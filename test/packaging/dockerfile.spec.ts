// Rules that the Dockerfile has to keep. That it builds, and that the image works, is shown by image/run.mjs.

import { readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documentedCommands } from './documented-commands.js';
import { contextFiles, letsIn } from './image/build-context.mjs';
import { expand, pairsOf, parseDockerfile, type Instruction } from './image/dockerfile.mjs';

const text = readFileSync('Dockerfile', 'utf8');
const { defaults, stages } = parseDockerfile(text);
const last = stages.at(-1)!;
const everything = stages.flatMap(({ instructions }) => instructions);
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, string>;

function all(keyword: string, instructions: readonly Instruction[] = everything): Instruction[] {
  return instructions.filter((instruction) => instruction.keyword === keyword);
}

/** Of the image itself. */
function the(keyword: string): Instruction {
  const found = all(keyword, last.instructions);
  expect(found, keyword).toHaveLength(1);
  return found[0]!;
}

describe('the Dockerfile', () => {
  it('builds on images with a version and a digest, which can be exchanged', () => {
    for (const { image } of stages) {
      expect(image).toMatch(/^\$\{\w+\}$/);
      expect(expand(image, defaults)).toMatch(
        /^[\w.-]+\.[a-z]+\/[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/,
      );
    }
  });

  it('runs the LTS that it was built with, at least as new as package.json asks for', () => {
    const built = /node:(\d+)\.(\d+)\.\d+-/.exec(expand(stages[0]!.image, defaults));
    const run = /nodejs(\d+)-/.exec(expand(last.image, defaults));
    expect(run?.[1]).toBe(built?.[1]);
    expect(manifest['engines']).toEqual({ node: '>=20.19' });
    expect(Number(run?.[1])).toBeGreaterThanOrEqual(20);
  });

  it('uses each of its stages, and copies from no other one', () => {
    const names = stages.map(({ name }) => name);
    const used = all('COPY').flatMap(({ flags }) => flags['from'] ?? []);
    expect(new Set(used)).toEqual(new Set(names.slice(0, -1)));
    expect(new Set(names).size).toBe(stages.length);
    expect(names.every((name) => /^[a-z]+$/.test(name))).toBe(true);
  });

  it('runs commands only where the builder does, so that no processor has to be imitated', () => {
    for (const { name, platform, instructions } of stages) {
      if (all('RUN', instructions).length > 0) expect(platform, name).toBe('$BUILDPLATFORM');
    }
    expect(last.platform).toBeUndefined();
    expect(all('RUN', last.instructions)).toEqual([]);
  });

  it('installs what the lock file says, runs no script of a package, and puts no development dependency into the image', () => {
    const installs = all('RUN').filter(({ content }) => /\bnpm\b(?! run)/.test(content));
    expect(installs.length).toBe(2);
    for (const { content } of installs) expect(content).toMatch(/npm ci .*--ignore-scripts/);
    const [modules] = all('COPY', last.instructions).filter(({ words }) =>
      words[0]?.endsWith('node_modules'),
    );
    const from = stages.find(({ name }) => name === modules?.flags['from']);
    const [install] = all('RUN', from?.instructions);
    expect(install?.content).toContain('--omit=dev');
    expect(install?.content).toContain('--os=linux');
    expect(install?.content).toContain('--libc=glibc');
  });

  it('fetches nothing else: no ADD, no download, no package of a distribution, no sudo', () => {
    expect(all('ADD')).toEqual([]);
    for (const { content } of all('RUN'))
      expect(content).not.toMatch(/\b(curl|wget|apt(-get)?|apk|pip|sudo|ssh)\b/);
  });

  it('changes folders with absolute WORKDIRs only, and stays in them', () => {
    for (const { content } of all('WORKDIR')) expect(content).toMatch(/^\//);
    for (const { content } of all('RUN')) {
      expect(content).not.toMatch(/\bcd\b/);
      // image/steps.mjs runs them below another root.
      expect(content).not.toMatch(/(^|[\s"'=])\/(?!root\/\.npm)\w/);
    }
  });

  it('copies only files that exist and that .dockerignore lets in', () => {
    const files = contextFiles('.');
    for (const { words, flags } of all('COPY')) {
      if (flags['from']) continue;
      for (const source of words.slice(0, -1)) {
        const isThere = files.some((file) => file === source || file.startsWith(`${source}/`));
        expect(isThere, source).toBe(true);
      }
      if (words.length > 2) expect(words.at(-1)).toMatch(/\/$/);
    }
  });

  it('ends as a user that is not root, named by number so that Kubernetes can tell', () => {
    expect(the('USER').content).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    const after = last.instructions.slice(last.instructions.indexOf(the('USER')));
    expect(all('COPY', after)).toEqual([]);
  });

  it('gives nothing but the data to that user', () => {
    const owned = all('COPY', last.instructions).filter(({ flags }) => flags['chown']);
    expect(owned.map(({ words }) => words)).toEqual([['/build/volumes/', '/app/']]);
    expect(owned[0]?.flags['chown']).toBe('1000:0');
  });

  it('can be read by every user, whatever the umask of the checkout was', () => {
    const fromCheckout = all('COPY', last.instructions).filter(({ flags }) => !flags['from']);
    expect(fromCheckout.length).toBeGreaterThan(0);
    for (const { words, flags } of fromCheckout) {
      const [target] = words.slice(-1);
      const mode = target === '/usr/local/bin/' ? '0755' : '0644';
      expect(flags['chmod'], words.join(' ')).toBe(mode);
      // A mode for files would close a folder.
      for (const source of words.slice(0, -1)) expect(statSync(source).isFile(), source).toBe(true);
    }
  });

  it('starts, checks and stops without a shell', () => {
    const command = `/usr/local/bin/${manifest['name']}`;
    expect(the('ENTRYPOINT').exec).toEqual([command]);
    expect(the('CMD').exec).toEqual(['serve']);
    expect(the('HEALTHCHECK').exec).toEqual([command, 'health']);
    expect(the('STOPSIGNAL').content).toBe('SIGTERM');
    expect(the('VOLUME').exec).toEqual(['/app/data']);
  });

  it('gives the check longer than the command waits, and the start longer than it takes', () => {
    const seconds = (name: string) =>
      Number(/^(\d+)s$/.exec(the('HEALTHCHECK').flags[name] ?? '')?.[1]);
    expect(seconds('timeout')).toBeGreaterThan(5);
    expect(seconds('interval')).toBeGreaterThan(seconds('timeout'));
    expect(seconds('start-period')).toBeGreaterThanOrEqual(900);
    // Older podman refuses the whole file for it.
    expect(the('HEALTHCHECK').flags).not.toHaveProperty('start-interval');
  });

  it('tells the ports and the settings that the documentation tells', () => {
    expect(the('EXPOSE').words).toEqual(['3001', '8815']);
    expect(pairsOf(the('ENV'))).toEqual({
      NODE_ENV: 'production',
      HOST: '0.0.0.0',
      DATA_DIR: '/app/data',
    });
  });

  it('has the labels of the Open Container Initiative, with the version of the package', () => {
    const values: Record<string, string | undefined> = {};
    for (const each of all('ARG', last.instructions)) Object.assign(values, pairsOf(each));
    expect(values['VERSION']).toBe(manifest['version']);
    const labels = pairsOf(the('LABEL'));
    const prefix = 'org.opencontainers.image.';
    expect(labels[`${prefix}title`]).toBe(manifest['name']);
    expect(labels[`${prefix}description`]).toBe(manifest['description']);
    expect(labels[`${prefix}licenses`]).toBe(manifest['license']);
    expect(expand(labels[`${prefix}version`] ?? '', values)).toBe(manifest['version']);
    for (const name of ['revision', 'created', 'base.name'])
      expect(labels[prefix + name], name).toMatch(/^\$\{\w+\}$/);
    expect(new Date(values['CREATED'] ?? '').toISOString()).toBe('1970-01-01T00:00:00.000Z');
  });

  it('has no secret in a setting or an argument', () => {
    const names = [...all('ENV'), ...all('ARG')].flatMap((each) => Object.keys(pairsOf(each)));
    expect(names.filter((name) => /secret|token|passw|key|credential|auth/i.test(name))).toEqual(
      [],
    );
  });

  it('uses nothing that engines of before 2023 refuse', () => {
    expect(text).not.toMatch(/<<-?\s*["']?[A-Z]{2,}/);
    expect(text).not.toMatch(/^#\s*syntax=/m);
    expect(all('COPY').some(({ flags }) => 'link' in flags || 'parents' in flags)).toBe(false);
  });
});

describe('the examples', () => {
  const EXAMPLE = /^(docker|podman) (buildx build|build|push|run) ./;

  it.each([
    { path: 'Dockerfile', leastCount: 2 },
    { path: 'README.md', leastCount: 2 },
    { path: 'docs/packaging.md', leastCount: 3 },
    { path: 'helm/econ-graph-financial-data/README.md', leastCount: 0 },
  ])('of $path build and run the version that Compose and the chart ask for', (document) => {
    const examples = documentedCommands(document.path).filter((line) => EXAMPLE.test(line));
    expect(examples.length).toBeGreaterThanOrEqual(document.leastCount);
    const image = `${manifest['name']}:${manifest['version']}`;
    for (const line of examples) {
      const named = line.split(' ').filter((word) => word === image || word.endsWith(`/${image}`));
      expect(named, line).toHaveLength(1);
    }
  });
});

describe('.dockerignore', () => {
  const isIn = letsIn(readFileSync('.dockerignore', 'utf8'));

  it('lets in what the build needs', () => {
    for (const path of [
      'package-lock.json',
      '.npmrc',
      'src/main.ts',
      'scripts/image/prune-rules.mjs',
    ])
      expect(isIn(path), path).toBe(true);
  });

  it('lets in neither data nor secrets nor what other machines built', () => {
    const out = [
      'data/store.json',
      '.env',
      '.git/config',
      'node_modules/koffi/index.js',
      'dist/main.js',
    ];
    for (const path of [
      ...out,
      'src/main.spec.ts',
      'src/storage/paths.spec.ts',
      'test/e2e/http.spec.ts',
    ])
      expect(isIn(path), path).toBe(false);
  });

  it('lets in files of a few folders only', () => {
    const folders = new Set(contextFiles('.').map((path) => posix.dirname(path).split('/')[0]));
    expect(folders).toEqual(new Set(['.', 'scripts', 'src']));
  });

  it('follows the order of the rules, folders above a path, and stars', () => {
    const rules = letsIn('*\n!docs\ndocs/**/*.tmp\n!docs/keep.tmp\n# a comment\n');
    const paths = ['a', 'docs/x', 'docs/a/b.tmp', 'docs/b.tmp', 'docs/keep.tmp', 'docs/a/b/c'];
    expect(paths.filter(rules)).toEqual(['docs/x', 'docs/keep.tmp', 'docs/a/b/c']);
  });
});
