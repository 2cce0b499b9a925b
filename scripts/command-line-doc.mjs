// docs/command-line.md: what each command says of itself.

import { spawnSync } from 'node:child_process';
import { format } from 'prettier';

const NAME = 'econ-graph-financial-data';

export async function commandLineDoc() {
  const all = helpOf();
  const names = [...all.split('\nCommands:\n')[1].matchAll(/^ {2}([a-z-]+)/gm)]
    .map(([, name]) => name)
    .filter((name) => name !== 'help');
  const text = [
    '<!-- Generated from src/cli by npm run generate; do not edit. -->',
    '',
    '# Command line',
    '',
    `\`npx ${NAME}\` in a checkout or where the package is installed; \`${NAME}\` in the container image. Settings are`,
    'environment variables ([configuration.md](configuration.md)); commands that look at a data directory or at a service take them,',
    'too: run them with the variables that the service has.',
    '',
    block(all),
    ...names.flatMap((name) => ['', `## ${name}`, '', block(helpOf(name))]),
    '',
  ].join('\n');
  return format(text, { parser: 'markdown' });
}

function helpOf(...command) {
  const { stdout, status } = spawnSync(
    process.execPath,
    ['dist/cli/index.js', ...command, '--help'],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`${command.join(' ')} --help ended with ${status}`);
  return stdout.trim();
}

function block(text) {
  return `\`\`\`text\n${text}\n\`\`\``;
}
