import { Command } from 'commander';
import { secondsFrom } from './health/seconds.js';
import type { SmokeOptions } from './smoke/run-smoke.js';

const EXAMPLES = `
Examples:
  Prove the service that runs with this environment (HOST, PORT, FLIGHT_PORT):
    $ econ-graph-financial-data smoke

  Another one, once it is ready, for which it has a minute:
    $ econ-graph-financial-data smoke --url http://127.0.0.1:3001 --flight grpc://127.0.0.1:8815 --wait 60

  Without Arrow Flight:
    $ econ-graph-financial-data smoke --url https://data.example.org --no-flight

Makes a series smoke/<uuid> with one point, reads the point back exactly, and deletes the series again, also after a failure and
when it is interrupted. Exit codes: 0 everything works, 1 something does not, or it was interrupted, 2 wrong usage.`;

const INTERRUPTIONS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `smoke`: proves from end to end that a running service works. */
export function smokeCommand(): Command {
  return new Command('smoke')
    .description('write, read and delete a series of its own in a running service')
    .option('--url <url>', 'where the service is, http://host:port (default: HOST and PORT)')
    .option(
      '--flight <url>',
      'where Arrow Flight is, grpc://host:port (default: the same host, FLIGHT_PORT)',
    )
    .option('--no-flight', 'leave Arrow Flight out')
    .option('--wait <seconds>', 'how long to wait until it is ready', secondsFrom(0), 0)
    .option('--timeout <seconds>', 'how long to wait for each answer', secondsFrom(0.001), 10)
    .addHelpText('after', EXAMPLES)
    .action(async (options: SmokeOptions) => {
      const interruption = new AbortController();
      // Of several the first one counts: what was made has to be deleted, which takes a second.
      for (const signal of INTERRUPTIONS) process.on(signal, () => interruption.abort());
      // Loaded here, so that --help need not wait for the libraries.
      const { runSmoke } = await import('./smoke/run-smoke.js');
      process.exitCode = await runSmoke(options, {
        environment: process.env,
        stdout: process.stdout,
        stderr: process.stderr,
        interrupted: interruption.signal,
      });
    });
}
