// The clients that the suites run in: a Python virtual environment and the modules of Go, made once and kept
// below node_modules/.cache. What a machine lacks is told as a reason; it is no failure.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const REQUIREMENTS = 'test/interop/requirements.txt';

/** Go has no use for another module's cache, and must not fetch another Go. */
const GO_VARIABLES = { GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly -buildvcs=false' };

/** What the pinned packages are built for. */
const PYTHON_MINOR_MIN = 11;

export const CACHE = resolve('node_modules/.cache/interop');

/** @returns the interpreter, or the reason why there is none */
export function pythonEnvironment() {
  const folder = join(CACHE, 'python');
  const bin = process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python'];
  const python = join(folder, ...bin);
  const stamp = join(folder, 'requirements.txt');
  const wanted = readFileSync(REQUIREMENTS, 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(python)) {
    return { python };
  }
  const version = run('python3', ['-c', 'import sys; print(sys.version_info.minor)']);
  if (version.status !== 0) return { reason: 'there is no python3' };
  if (Number(version.stdout) < PYTHON_MINOR_MIN) {
    return { reason: `python3 is 3.${version.stdout.trim()}, needed is 3.${PYTHON_MINOR_MIN}` };
  }
  process.stdout.write('Making the Python environment …\n');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  const steps = [
    ['python3', ['-m', 'venv', folder]],
    [python, ['-m', 'pip', 'install', '--quiet', '--requirement', REQUIREMENTS]],
  ];
  for (const [command, args] of steps) {
    const { status, stdout, stderr } = run(command, args);
    if (status === 0) continue;
    rmSync(folder, { recursive: true, force: true });
    return { reason: `${args[1]} failed: ${lastLine(stderr || stdout)}` };
  }
  writeFileSync(stamp, wanted);
  return { python };
}

/** @returns the variables that Go is run with, or the reason why it cannot be */
export function goEnvironment(...folders) {
  if (run('go', ['version']).status !== 0) return { reason: 'there is no go' };
  const variables = { ...process.env, ...GO_VARIABLES };
  for (const cwd of folders) {
    const { status, stderr } = run('go', ['mod', 'download'], { cwd, env: variables });
    if (status !== 0) return { reason: `go mod download failed: ${lastLine(stderr)}` };
  }
  return { variables };
}

export function run(command, args, options = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    ...options,
  });
  return { status, stdout: stdout ?? '', stderr: stderr ?? '' };
}

function lastLine(text) {
  return text.trim().split('\n').at(-1) || 'nobody knows why';
}
