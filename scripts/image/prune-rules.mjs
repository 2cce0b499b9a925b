// What an image needs of no package, each with its reason. Licences stay whatever the rules say.

/** Files of every package, by their name. */
export const FILES = [
  { name: /\.([cm]?ts|flow|tsbuildinfo)$/, why: 'typings and sources: only compilers read them' },
  { name: /\.map$/, why: 'source maps: only debuggers read them' },
  { name: /\.(cc|hh|h|inc|S|asm|def)$/, why: 'C sources: the libraries are built' },
  { name: /\.(md|markdown)$/i, why: 'prose' },
];

/** Folders directly in a package: deeper ones of these names may be code. */
export const FOLDERS = {
  why: 'tests, examples and prose of a package itself',
  names: [
    '.github',
    'bench',
    'benchmark',
    'benchmarks',
    'doc',
    'docs',
    'example',
    'examples',
    'test',
    'tests',
  ],
};

/** Parts of one package, or all of it. A `*` stands for anything within a name. */
export const PARTS = [
  {
    package: 'typescript',
    why: 'an optional peer of @nestjs/graphql, whose plug-in for compilers alone uses it',
  },
  {
    package: '@nestjs/graphql',
    parts: [
      'dist/plugin/utils',
      'dist/plugin/visitors',
      'dist/plugin/*compiler*',
      'dist/plugin/index.js',
      'plugin.*',
      'dist/tests',
    ],
    why: 'that plug-in, and tests',
  },
  { package: '@nestjs/apollo', parts: ['dist/tests'], why: 'tests' },
  { package: '@types/*', why: 'typings, which some libraries depend on' },
  // npm installs an optional peer where a development dependency brings it: here mercurius, for graphql-ws.
  ...['@fastify/websocket', 'duplexify', 'stream-shift', 'string_decoder', 'util-deprecate'].map(
    (name) => ({
      package: name,
      why: 'subscriptions over WebSocket, which the service has none of',
    }),
  ),
  { package: 'parquet-wasm', parts: ['bundler', 'esm'], why: 'Node.js takes node/' },
  { package: '@koromix/koffi-linux-*', parts: ['musl_*'], why: 'the image has glibc' },
  { package: 'koffi', parts: ['vendor', 'cnoke.cjs'], why: 'what its library is built with' },
  {
    package: 'libphonenumber-js',
    parts: ['bundle', 'metadata.f*', 'metadata.mo*', 'mobile', 'source'],
    why: 'for browsers; metadata that class-validator does not choose',
  },
  { package: 'class-validator', parts: ['bundles', 'esm2015', 'esm5'], why: 'Node.js takes cjs/' },
  { package: 'class-transformer', parts: ['bundles', 'esm2015', 'esm5'], why: 'the same' },
  { package: 'validator', parts: ['es', 'validator*.js'], why: 'Node.js takes lib/' },
  { package: 'csv-parse', parts: ['dist/iife', 'dist/umd', 'dist/esm'], why: 'for browsers' },
  {
    package: 'es-toolkit',
    parts: ['compat', 'compat.js', 'dist/browser*', 'dist/fp', 'fp', 'fp.js'],
    why: 'for browsers; 800 small files that @nestjs/graphql does not ask for',
  },
  {
    package: 'rxjs',
    parts: ['dist/bundles', 'dist/esm', 'dist/esm5'],
    why: 'Node.js takes dist/cjs',
  },
  { package: 'protobufjs', parts: ['dist', 'cli'], why: 'for browsers; a generator of code' },
  { package: '@apollo/protobufjs', parts: ['dist', 'cli', 'bin'], why: 'the same' },
  {
    package: 'apache-arrow',
    parts: ['Arrow.*.min.js', 'bin'],
    why: 'for browsers; a command of its own',
  },
];

export const LICENCE = /^(licen[cs]e|copying|notice|authors|copyright)/i;
