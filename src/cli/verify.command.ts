import { Command } from 'commander';

const EXAMPLES = `
Examples:
  Check the directory that DATA_DIR names (./data where it is not set), also while the service runs on it:
    $ econ-graph-financial-data verify

  Check a backup, for a program:
    $ DATA_DIR=/backup/econ econ-graph-financial-data verify --json

Nothing is changed. Exit codes: 0 nothing found, 1 damage found, 2 the directory could not be checked, or
wrong usage.
What each finding means, and what to do about it: docs/integrity.md.`;

/** `verify`: checks every byte of a data directory. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('check every file of the data directory, and what they say of each other')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (options: { json?: boolean }) => {
      // Loaded here, so that --help need not wait for the libraries.
      const { runVerify } = await import('./verify/run-verify.js');
      process.exitCode = await runVerify(options, {
        environment: process.env,
        stdout: process.stdout,
        stderr: process.stderr,
      });
    });
}
