// The architecture as a test: which folder may know which, and which library may be used where.

const LAYERS = [
  ['core'],
  ['schema'],
  ['config', 'logging', 'metrics', 'cache'],
  ['storage'],
  ['series'],
  ['data-points'],
  ['graphql', 'health'],
  ['flight'],
  ['shutdown'],
];

/** A folder imports from folders to its left and beside it. */
const leftOnly = LAYERS.flatMap((folders, index) => {
  const right = LAYERS.slice(index + 1).flat();
  return folders.map((folder) => ({
    name: `${folder}-imports-left-only`,
    severity: 'error',
    comment: `${folder}/ does not know ${right.join(', ')}, the application or its commands`,
    from: { path: `^src/${folder}/` },
    to: {
      path: `^src/(${[...right, 'cli'].join('|')})/|^src/(app|app\\.module|main|serve|start-failure)\\.ts$`,
    },
  }));
});

function fence(name, library, allowed) {
  return {
    name,
    severity: 'error',
    comment: `${library} is used in ${allowed} only`,
    from: { path: '^src/', pathNot: [allowed, '\\.spec\\.ts$'] },
    to: { path: library },
  };
}

export default {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphan',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: [
          '^src/main\\.ts$',
          '^src/cli/index\\.ts$',
          '^src/graphql/playground/',
          '\\.d\\.ts$',
        ],
      },
      to: {},
    },
    {
      name: 'nothing-unused',
      severity: 'error',
      comment: 'every module is part of the service or of a command',
      from: { path: '^src/(main|cli/index)\\.ts$' },
      to: {
        path: '^src/',
        pathNot: [
          '^src/(main|cli/index)\\.ts$',
          '\\.spec\\.ts$',
          '^src/graphql/playground/',
          '\\.d\\.ts$',
        ],
        reachable: false,
      },
    },
    ...leftOnly,
    {
      name: 'graphql-knows-no-domain-type',
      severity: 'error',
      from: { path: '^src/graphql/' },
      to: { path: '^src/(storage|series|data-points|health)/' },
    },
    {
      name: 'core-is-plain-typescript',
      severity: 'error',
      comment: 'core/ has no framework in it',
      from: { path: '^src/core/', pathNot: '\\.spec\\.ts$' },
      to: { path: 'node_modules/@nestjs/' },
    },
    {
      name: 'no-graphql-below-the-domain',
      severity: 'error',
      comment: 'cache/reads.ts is what fields declare, in the words of their schema',
      from: {
        path: '^src/(core|schema|storage|cache|config|logging|metrics)/',
        pathNot: '^src/cache/reads\\.ts$',
      },
      to: { path: 'node_modules/(@nestjs/graphql|graphql)/' },
    },
    fence(
      'files-belong-to-disks',
      '^(node:)?fs(/promises)?$',
      '^src/(storage/(file-disk|directory-lock)\\.ts|config/|cli/|graphql/playground/)',
    ),
    fence(
      'parquet-belongs-to-storage',
      'node_modules/(parquet-wasm|parquetjs-lite|hyparquet)/',
      '^src/storage/parquet/',
    ),
    fence('pino-belongs-to-logging', 'node_modules/(pino|pino-pretty)/', '^src/logging/'),
    fence('redis-belongs-to-cache', 'node_modules/ioredis/', '^src/cache/'),
    fence('grpc-belongs-to-flight', 'node_modules/@grpc/', '^src/flight/'),
    {
      name: 'no-development-dependency',
      severity: 'error',
      from: { path: '^src/', pathNot: ['\\.spec\\.ts$', '^src/graphql/playground/'] },
      to: { dependencyTypes: ['npm-dev'] },
    },
    {
      name: 'nothing-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
