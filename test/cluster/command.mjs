// Runs a program to its end, and says what it wrote where it fails.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

const MILLISECONDS_MAX = 120_000;

/**
 * @param options.input what it reads; `accept` the exit codes that are no failure
 * @returns what it wrote to its output, without the last line break
 */
export async function run(command, args, options = {}) {
  const { stdout, stderr, code } = await outcome(command, args, options);
  if (code === 0) return stdout;
  throw new Error(`${[command, ...args].join(' ')} ended with ${code}: ${stderr || stdout}`);
}

/** @returns what it wrote and how it ended, whatever that was */
export async function outcome(command, args, options = {}) {
  const { input, milliseconds = MILLISECONDS_MAX, env, cwd } = options;
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    cwd,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    timeout: milliseconds,
    killSignal: 'SIGKILL',
  });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => (written[name] += text));
  }
  if (input !== undefined) child.stdin.end(input);
  const [code, signal] = await once(child, 'close');
  return {
    stdout: written.stdout.trimEnd(),
    stderr: written.stderr.trimEnd(),
    code: code ?? `${signal} (after at most ${milliseconds} ms)`,
  };
}
