#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { doctorCommand } from './doctor.command.js';
import { importCommand } from './import.command.js';
import { salvageLogCommand } from './salvage-log.command.js';
import { serveCommand } from './serve.command.js';
import { verifyCommand } from './verify.command.js';

/** Two levels up from `src/cli` and from `dist/cli` alike. */
function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

await new Command('econ-graph-financial-data')
  .description('Economic and financial time series with every revision')
  .version(version())
  .addCommand(serveCommand())
  .addCommand(importCommand())
  .addCommand(verifyCommand())
  .addCommand(salvageLogCommand())
  .addCommand(doctorCommand())
  .parseAsync();
