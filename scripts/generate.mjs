// Writes the files that are derived: schema.graphql, docs/configuration.md, docs/metrics.md and the dashboards from the
// code, the messages of Arrow Flight and of the gRPC health protocol from their .proto files, the chart's schema, README and
// copies from its values and from monitoring/. With --check, compares them instead and fails where they have drifted.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import { printSchema } from 'graphql';
import { format } from 'prettier';
import { createApp } from '../dist/app.js';
import { Config, describeVariables } from '../dist/config/environment.js';
import { chartFiles } from './chart/files.mjs';
import { commandLineDoc } from './command-line-doc.mjs';
import { dashboards } from './monitoring/dashboards.mjs';
import { metricsDoc } from './monitoring/metrics-doc.mjs';

const dashboardFiles = await dashboards();
const generated = {
  ...(await ofApplication()),
  'docs/configuration.md': await configuration(),
  'docs/command-line.md': await commandLineDoc(),
  ...dashboardFiles,
  ...(await chartFiles(dashboardFiles)),
  ...protocols(),
};

const check = process.argv.includes('--check');
let drifted = 0;
for (const [path, content] of Object.entries(generated)) {
  if (!check) {
    writeFileSync(path, content);
  } else if (readOrEmpty(path) !== content) {
    process.stderr.write(`${path} differs from the code: run npm run generate and commit it\n`);
    drifted++;
  }
}
process.exit(drifted > 0 ? 1 : 0);

async function ofApplication() {
  const dataDir = mkdtempSync(join(tmpdir(), 'econ-graph-generate-'));
  const app = await createApp(Object.assign(new Config(), { dataDir, logLevel: 'error' }));
  const schema = printSchema(app.get(GraphQLSchemaHost).schema);
  const metrics = await metricsDoc();
  await app.close();
  rmSync(dataDir, { recursive: true });
  return {
    'schema.graphql': `# Generated from the resolvers by npm run generate; do not edit.\n\n${schema}\n`,
    'docs/metrics.md': metrics,
  };
}

async function configuration() {
  const rows = describeVariables().map((variable) => {
    const names = [variable.name, ...variable.aliases].map((name) => `\`${name}\``).join(', ');
    return `| ${names} | ${variable.description} | ${variable.allowed} | \`${variable.default}\` |`;
  });
  const text = [
    '<!-- Generated from src/config/environment.ts by npm run generate; do not edit. -->',
    '',
    '# Configuration',
    '',
    'Settings are environment variables, read and checked once at the start. A bad one stops the start',
    'with a line that names it, the value received and what is allowed. Where several names stand, the',
    'first that is set counts.',
    '',
    '| variable | meaning | allowed | default |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
  return format(text, { parser: 'markdown' });
}

/** By `buf` with the plugin of Protobuf-ES, without a network. */
function protocols() {
  const folder = join('src', 'flight', 'protocol');
  const output = mkdtempSync(join(tmpdir(), 'econ-graph-generate-'));
  const { status } = spawnSync('npx', ['--no', '--', 'buf', 'generate', '--output', output], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
  const names = readdirSync(join(output, folder));
  const files = names.map((name) => [
    join(folder, name),
    readFileSync(join(output, folder, name), 'utf8'),
  ]);
  rmSync(output, { recursive: true });
  return Object.fromEntries(files);
}

function readOrEmpty(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
