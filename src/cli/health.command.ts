import { Command, Option } from 'commander';
import type { HealthOptions } from './health/run-health.js';
import { secondsFrom } from './health/seconds.js';

const EXAMPLES = `
Examples:
  Ask the service that runs with this environment (HOST, PORT) whether it is ready for work:
    $ econ-graph-financial-data health

  Ask another one whether its process still answers, for at most two seconds:
    $ econ-graph-financial-data health --url http://127.0.0.1:3001 --live --timeout 2

One line is printed. Exit codes: 0 ready (started, alive), 1 not, or not reachable, 2 wrong usage.
What readiness means: docs/operations.md.`;

/** `health`: one question to a running service, for health checks of containers and for scripts. */
export function healthCommand(): Command {
  return new Command('health')
    .description('ask a running service whether it is ready')
    .option('--url <url>', 'where it is, http://host:port (default: HOST and PORT)')
    .addOption(
      new Option('--ready', 'whether new work may be sent there (the default)').conflicts([
        'startup',
        'live',
      ]),
    )
    .addOption(new Option('--startup', 'whether its start is over').conflicts(['ready', 'live']))
    .addOption(new Option('--live', 'whether its process answers').conflicts(['ready', 'startup']))
    .addOption(
      new Option('--timeout <seconds>', 'how long to wait for the answer')
        .argParser(secondsFrom(0.001))
        .default(5),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (options: HealthOptions) => {
      // Loaded here, so that other commands need not load it.
      const { runHealth } = await import('./health/run-health.js');
      process.exitCode = await runHealth(options, {
        environment: process.env,
        stdout: process.stdout,
        stderr: process.stderr,
      });
    });
}
