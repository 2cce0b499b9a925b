// Stand-ins of the two base images, where no container registry can be reached: Debian's packages of the same release
// and Node.js of the same version from the npm registry, laid out as in the images that the Dockerfile names. What they
// cannot show is named in docs/packaging.md.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const SUITES = { 12: 'bookworm', 13: 'trixie' };
/** npm of the build stage. */
const NPM = 'npm@11';
/** What distroless puts below Node.js; Debian 13 has the time_t transition in one name. */
const RUNTIME_PACKAGES = (release) => [
  'base-files',
  'netbase',
  'tzdata',
  'media-types',
  'ca-certificates',
  'libc6',
  release === '12' ? 'libssl3' : 'libssl3t64',
  'libzstd1',
  'zlib1g',
  'libgcc-s1',
  'libgomp1',
  'libstdc++6',
];
const BUILD_PACKAGES = [
  'dash',
  'coreutils',
  'findutils',
  'libacl1',
  'libattr1',
  'libcap2',
  'libgmp10',
  'libpcre2-8-0',
  'libselinux1',
  'libsystemd0',
];
/** Prose and languages: images of either kind leave them out. */
const LEFT_OUT = ['doc', 'info', 'lintian', 'locale', 'man', 'bug'];
const CERTIFICATES = 'etc/ssl/certs/ca-certificates.crt';

/**
 * @param images the names in the Dockerfile: `{ build: 'node:24.1.0-…', runtime: '…/nodejs24-debian13…' }`
 * @param folder where packages are kept between runs
 * @returns the names of the two stand-ins
 */
export function makeBases({ build, runtime }, folder, engine) {
  const version = /node:(\d+\.\d+\.\d+)/.exec(build)?.[1];
  const release = /-debian(\d+)/.exec(runtime)?.[1];
  const suite = SUITES[release];
  if (!version || !suite) throw new Error(`No stand-ins are known for ${build} and ${runtime}`);
  const key = `${version}-${suite}`;
  const names = {
    build: `localhost/econ-graph-build-base:${key}`,
    runtime: `localhost/econ-graph-runtime-base:${key}`,
  };
  if (Object.values(names).every((name) => engine.hasImage(name))) return names;
  mkdirSync(folder, { recursive: true });
  const node = nodePackage(version, folder);
  const debian = new DebianPackages(suite, join(folder, suite));
  importRuntime(names.runtime, { debian, release, node, folder, engine });
  importBuild(names.build, { debian, release, node, folder, engine });
  return names;
}

function importRuntime(name, { debian, release, node, folder, engine }) {
  const root = fresh(join(folder, 'runtime'));
  debian.unpack(RUNTIME_PACKAGES(release), root);
  finish(root);
  const users = [
    'root:x:0:0:root:/root:/sbin/nologin',
    'nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin',
  ];
  users.push('nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin');
  writeFileSync(join(root, 'etc/passwd'), `${users.join('\n')}\n`);
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n');
  mkdirSync(join(root, 'home/nonroot'), { recursive: true });
  mkdirSync(join(root, 'nodejs/bin'), { recursive: true });
  cpSync(join(node, 'bin/node'), join(root, 'nodejs/bin/node'));
  engine.import(root, name, [
    'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    `ENV SSL_CERT_FILE=/${CERTIFICATES}`,
    'USER 65532',
    'WORKDIR /home/nonroot',
    'ENTRYPOINT ["/nodejs/bin/node"]',
  ]);
  rmSync(root, { recursive: true });
}

function importBuild(name, { debian, release, node, folder, engine }) {
  const root = fresh(join(folder, 'build'));
  debian.unpack([...RUNTIME_PACKAGES(release), ...BUILD_PACKAGES], root);
  finish(root);
  // A machine that reaches registries through a proxy of its own trusts it here as outside.
  if (existsSync(`/${CERTIFICATES}`)) cpSync(`/${CERTIFICATES}`, join(root, CERTIFICATES));
  if (!existsSync(join(root, 'bin/sh'))) symlinkSync('dash', join(root, 'usr/bin/sh'));
  writeFileSync(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n',
  );
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnode:x:1000:\n');
  const local = join(root, 'usr/local');
  mkdirSync(join(local, 'lib/node_modules'), { recursive: true });
  mkdirSync(join(local, 'bin'), { recursive: true });
  cpSync(join(node, 'bin/node'), join(local, 'bin/node'));
  cpSync(npmPackage(NPM, folder), join(local, 'lib/node_modules/npm'), { recursive: true });
  for (const command of ['npm', 'npx'])
    symlinkSync(`../lib/node_modules/npm/bin/${command}-cli.js`, join(local, 'bin', command));
  // `env`, which npm's first line asks for, is one of coreutils.
  engine.import(root, name, [
    'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    `ENV NODE_EXTRA_CA_CERTS=/${CERTIFICATES}`,
  ]);
  rmSync(root, { recursive: true });
}

/** What the packages' own scripts would do. */
function finish(root) {
  for (const name of LEFT_OUT)
    rmSync(join(root, 'usr/share', name), { recursive: true, force: true });
  const certificates = join(root, 'usr/share/ca-certificates/mozilla');
  const texts = readdirSync(certificates).map((name) => readFileSync(join(certificates, name)));
  mkdirSync(join(root, 'etc/ssl/certs'), { recursive: true });
  writeFileSync(join(root, CERTIFICATES), Buffer.concat(texts));
  mkdirSync(join(root, 'tmp'), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
}

/** Packages of one release, fetched by apt with lists of its own: the machine may run another one. */
class DebianPackages {
  constructor(suite, folder) {
    this.folder = folder;
    for (const name of ['lists/partial', 'archives/partial', 'packages'])
      mkdirSync(join(folder, name), { recursive: true });
    const source =
      'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian';
    writeFileSync(join(folder, 'sources.list'), `${source} ${suite} main\n`);
    writeFileSync(join(folder, 'status'), '');
    this.options = [
      `Dir::State::Lists=${folder}/lists`,
      `Dir::State::status=${folder}/status`,
      `Dir::Cache::archives=${folder}/archives`,
      `Dir::Cache::pkgcache=`,
      `Dir::Cache::srcpkgcache=`,
      `Dir::Etc::SourceList=${folder}/sources.list`,
      'Dir::Etc::SourceParts=/dev/null',
      'APT::Sandbox::User=',
      'Acquire::Languages=none',
    ].flatMap((option) => ['-o', option]);
    run('apt-get', ['-qq', ...this.options, 'update']);
  }

  unpack(names, root) {
    const packages = join(this.folder, 'packages');
    for (const name of names) {
      const found = () => readdirSync(packages).find((file) => file.startsWith(`${name}_`));
      if (!found()) run('apt-get', ['-qq', ...this.options, 'download', name], { cwd: packages });
      run('dpkg-deb', ['-x', join(packages, found()), root]);
    }
  }
}

function nodePackage(version, folder) {
  const architecture = process.arch === 'arm64' ? 'arm64' : 'x64';
  return npmPackage(`node-linux-${architecture}@${version}`, folder);
}

/** @returns the folder of an unpacked package */
function npmPackage(spec, folder) {
  const target = join(folder, spec.replace(/[@/]/g, '-'));
  if (existsSync(join(target, 'package.json'))) return target;
  const file = run('npm', ['pack', '--silent', spec, '--pack-destination', folder])
    .trim()
    .split('\n')
    .at(-1);
  fresh(target);
  run('tar', ['-xzf', join(folder, file), '-C', target, '--strip-components=1', '--no-same-owner']);
  return target;
}

function fresh(path) {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  return path;
}

function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: 300_000,
    ...options,
  });
  if (status === 0) return stdout;
  throw new Error(`${command} ${args[0]}: ${error?.message ?? stderr}`);
}
