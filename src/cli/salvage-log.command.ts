import { Command } from 'commander';

const EXAMPLES = `
Examples:
  See what would be lost, and change nothing:
    $ econ-graph-financial-data salvage-log --dry-run

  Keep what can be read of the log in DATA_DIR (./data where it is not set):
    $ DATA_DIR=/srv/econ econ-graph-financial-data salvage-log

Only for a log that the start refuses, and only where no backup of wal/ can be restored. Stop the service first.
Damaged files of the log are kept as wal/*.damaged. Exit codes: 0 done, or nothing was damaged; 1 failed, with
the log as it was; 2 wrong usage. More in docs/integrity.md.`;

/** `salvage-log`: moves what can be read of a damaged log into Parquet files. */
export function salvageLogCommand(): Command {
  return new Command('salvage-log')
    .description(
      'keep what can be read of a damaged write-ahead log, so that the service starts again',
    )
    .option('--dry-run', 'only tell what would be lost')
    .addHelpText('after', EXAMPLES)
    .action(async (options: { dryRun?: boolean }) => {
      // Loaded here, so that --help need not wait for the whole application.
      const { runSalvage } = await import('./salvage/run-salvage.js');
      process.exitCode = await runSalvage(options, {
        environment: process.env,
        stdout: process.stdout,
        stderr: process.stderr,
      });
    });
}
