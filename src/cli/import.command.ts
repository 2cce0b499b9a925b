import { Command, Option } from 'commander';
import { FORMS } from './import/columns.js';
import type { ImportOptions } from './import/import-options.js';

const EXAMPLES = `
Examples:
  Series in columns, one row per date, into DATA_DIR (./data where it is not set):
    $ econ-graph-financial-data import employment.csv --source "US Bureau of Labor Statistics"

  Every vintage in long form (series,date,revision_date,value), into a running service:
    $ econ-graph-financial-data import vintages.csv.gz --url http://localhost:3001

  Whole vintages, each as it was published; what one leaves out, it withdraws:
    $ econ-graph-financial-data import vintages.csv --vintages --complete

  Other names and dates:
    $ econ-graph-financial-data import rates.csv --series-column Country \\
        --value-column "Exchange rate" --date-format M/D/YYYY

  What would be imported:
    $ econ-graph-financial-data import employment.csv --dry-run

Exit codes: 0 everything was imported (or was there already), 1 a file was refused or something failed,
2 wrong usage. Importing a file twice changes nothing. More in docs/import.md.`;

/** `import <file...>`: CSV files into a data directory or a running service. */
export function importCommand(): Command {
  return new Command('import')
    .description('import observations from CSV files, plain or gzip')
    .argument('<file...>', 'CSV files in long form (series,date,revision_date,value) or wide form')
    .option('--source <name>', 'source of the series (default: the name of the file)')
    .option('--source-url <url>', 'web address of the source')
    .option('--series-file <file>', 'CSV that describes the series: series,title,units,…')
    .option('--frequency <frequency>', 'frequency of new series (default: guessed from the dates)')
    .option(
      '--revision-date <date>',
      'when values without a revision date were published (default: today)',
    )
    .addOption(new Option('--form <form>', 'form of the files (default: guessed)').choices(FORMS))
    .option('--delimiter <character>', 'between columns (default: guessed among , ; and tab)')
    .option('--date-format <format>', 'how dates are written, for example M/D/YYYY')
    .option('--date-column <name>', 'column of the dates (wide form: the first one if not given)')
    .option('--series-column <name>', 'column of the series, long form')
    .option('--revision-date-column <name>', 'column of the revision dates, long form')
    .option('--value-column <name>', 'column of the values, long form')
    .option('--vintages', 'values of one revision date are a vintage: store only what it changes')
    .option('--complete', 'with --vintages: dates that a vintage leaves out are withdrawn')
    .option('--skip-bad-lines', 'import the good lines and put the bad ones into a rejects file')
    .option('--dry-run', 'check the files and say what is in them, write nothing')
    .option('--url <url>', 'write to the service that runs there instead of to DATA_DIR')
    .addHelpText('after', EXAMPLES)
    .action(async (files: string[], options: ImportOptions) => {
      // Loaded here, so that --help need not wait for the whole application.
      const { runImport } = await import('./import/run-import.js');
      process.exitCode = await runImport(files, options, {
        environment: process.env,
        stdout: process.stdout,
        stderr: process.stderr,
      });
    });
}
