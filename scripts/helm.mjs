// Where Helm is: the tests of the chart and the rendered manifests need it, nothing else does.

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const VERSION = 'v3.22.0';
const CACHE = resolve('.cache', `helm-${VERSION}`);

export const HOW_TO_GET_HELM =
  'Helm is missing: install Helm 3 (https://helm.sh/docs/intro/install), or set HELM_PATH to its executable,\n' +
  'or, with Go, run: node scripts/ensure-helm.mjs --install';

/** The executable, or undefined where there is none. */
export function helmPath() {
  const candidates = [process.env.HELM_PATH || 'helm', join(CACHE, 'helm')];
  return candidates.find((path) => {
    const { status, stdout } = spawnSync(path, ['version', '--short'], { encoding: 'utf8' });
    return status === 0 && stdout.startsWith('v3.');
  });
}

/** Builds it from its sources, into a folder of the checkout, which git ignores. @returns whether that went well */
export function installHelm() {
  mkdirSync(CACHE, { recursive: true });
  const { status } = spawnSync('go', ['install', `helm.sh/helm/v3/cmd/helm@${VERSION}`], {
    // As Helm's own builds do: neither cgo nor symbols.
    env: { ...process.env, GOBIN: CACHE, CGO_ENABLED: '0', GOFLAGS: '-ldflags=-s' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return status === 0;
}
