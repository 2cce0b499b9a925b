// The JSON schema of the Compose specification. It is in the Go module with which Docker Compose reads its files, which
// the Go command fetches once, checks and keeps; nothing of it is stored here.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MODULE = 'github.com/compose-spec/compose-go/v2@v2.16.2';
/** Of all files of the module, as the Go command computes it. */
const SUM = 'h1:pTp1DqQwJzFd85GzlWsSszKA1ABrV/ySqsClujIcWA8=';

const HOW_TO_INSTALL =
  'Install Go 1.21 or later (on Debian: apt-get install golang-go), or set GO_PATH to its go command.';

const go = process.env['GO_PATH'] || 'go';

/**
 * Whether the check against the schema is left out, which is said on the console. In CI (the variable CI is set) a
 * missing Go is not a reason: there it fails and says what to install.
 */
export function skipComposeSchema(): boolean {
  if (spawnSync(go, ['version'], { stdio: 'ignore' }).status === 0) return false;
  if (process.env['CI']) return false;
  process.stderr.write(`Check against the schema of Compose skipped: no Go. ${HOW_TO_INSTALL}\n`);
  return true;
}

export function composeSchema(): object {
  const { error, stdout, stderr } = spawnSync(go, ['mod', 'download', '-json', MODULE], {
    encoding: 'utf8',
    cwd: tmpdir(), // outside of any Go module, which could replace this one
  });
  if (error) throw new Error(`${go} does not run. ${HOW_TO_INSTALL}`, { cause: error });
  const answer = JSON.parse(stdout || '{}') as { Dir?: string; Sum?: string; Error?: string };
  if (answer.Dir === undefined) {
    throw new Error(`${MODULE} could not be fetched: ${answer.Error ?? stderr}`);
  }
  if (answer.Sum !== SUM) throw new Error(`${MODULE} is not what it was: ${answer.Sum}`);
  const path = join(answer.Dir, 'schema', 'compose-spec.json');
  return JSON.parse(readFileSync(path, 'utf8')) as object;
}
