// The `doctor` command without its command line: an exit code out. Facts, then judgement, then the page.

import { messageOf } from '../../core/app-error.js';
import type { TextOutput } from '../import/progress.js';
import { directoryFacts } from './directory-facts.js';
import type { Facts, LogFacts } from './facts.js';
import { hasProblem, judge } from './judge.js';
import { logFacts } from './log-facts.js';
import { machineFacts } from './machine-facts.js';
import { page } from './page.js';
import { Secrets } from './secrets.js';
import { serviceFacts } from './service-facts.js';
import { settingsFacts } from './settings-facts.js';

export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
}

export interface DoctorOptions {
  readonly json?: boolean;
  /** A file of the service's log. */
  readonly log?: string;
}

/** @returns 0 no problem, 1 problems, 2 the log file could not be read */
export async function runDoctor(
  { json = false, log: logFile }: DoctorOptions,
  { environment, stdout, stderr }: Surroundings,
): Promise<0 | 1 | 2> {
  const secrets = new Secrets(environment);
  let log: LogFacts | undefined;
  try {
    log = logFile === undefined ? undefined : await logFacts(logFile, secrets);
  } catch (error) {
    stderr.write(`--log: ${secrets.hide(messageOf(error))}\n`);
    return 2;
  }
  const { config, facts: settings } = settingsFacts(environment, secrets);
  const [directory, service] = await Promise.all([
    directoryFacts(config.dataDir, secrets),
    serviceFacts(config, secrets),
  ]);
  const time = new Date().toISOString();
  const facts: Facts = { time, machine: machineFacts(), settings, directory, service, log };
  const checks = judge(facts);
  stdout.write(json ? `${JSON.stringify({ ...facts, checks }, null, 2)}\n` : page(facts, checks));
  return hasProblem(checks) ? 1 : 0;
}
