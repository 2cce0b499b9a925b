#!/usr/bin/env node
import { Command } from 'commander';
import { VERSION } from '../core/version.js';
import { doctorCommand } from './doctor.command.js';
import { healthCommand } from './health.command.js';
import { importCommand } from './import.command.js';
import { salvageLogCommand } from './salvage-log.command.js';
import { serveCommand } from './serve.command.js';
import { smokeCommand } from './smoke.command.js';
import { verifyCommand } from './verify.command.js';

const EXAMPLES = `
Examples:
  $ econ-graph-financial-data serve
  $ econ-graph-financial-data import employment.csv --source "US Bureau of Labor Statistics"
  $ econ-graph-financial-data import --help

Exit codes: 0 done, 2 wrong usage; those of each command are in its own help. All of it: docs/command-line.md.`;

const WRONG_USAGE = 2;

const program = new Command('econ-graph-financial-data')
  .description('Economic and financial time series with every revision')
  .version(VERSION)
  .addCommand(serveCommand())
  .addCommand(importCommand())
  .addCommand(verifyCommand())
  .addCommand(salvageLogCommand())
  .addCommand(doctorCommand())
  .addCommand(healthCommand())
  .addCommand(smokeCommand())
  .addHelpText('after', EXAMPLES);

for (const command of [program, ...program.commands]) {
  // Commander's own code for wrong usage is 1, which commands have for what they found or what failed.
  command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : WRONG_USAGE));
  command.showHelpAfterError('(--help tells what there is)');
}

await program.parseAsync();
