import { Command } from 'commander';

const EXAMPLES = `
Examples:
  Look at this machine, the settings, the directory that DATA_DIR names, and the service that runs with them:
    $ econ-graph-financial-data doctor

  With the last errors of a log file, for a program:
    $ econ-graph-financial-data doctor --log /var/log/econ-graph.log --json

It takes its settings from its environment: run it where the service runs, with the variables that the service has. Nothing is
changed, and no secret is shown. Exit codes: 0 no problem (there may be warnings), 1 problems, 2 wrong usage.
What to do about each finding: docs/runbook.md.`;

/** `doctor`: one page about everything that support asks for first. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('tell on one page how this installation is, and what to do about it')
    .option('--json', 'print the facts and the checks as JSON')
    .option('--log <file>', 'a log file of the service, in JSON lines: its last errors')
    .addHelpText('after', EXAMPLES)
    .action(async (options: { json?: boolean; log?: string }) => {
      // Loaded here, so that --help need not wait for the libraries.
      const { runDoctor } = await import('./doctor/run-doctor.js');
      process.exitCode = await runDoctor(options, {
        environment: process.env,
        stdout: process.stdout,
        stderr: process.stderr,
      });
    });
}
