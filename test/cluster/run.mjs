// A real Kubernetes on this machine, and our Helm chart in it: API server, controllers, scheduler, kubelet, containerd, kube-proxy and
// DNS are processes in namespaces of their own, built from the Go module proxy and Debian's packages.
//
//   node test/cluster/run.mjs [--image localhost/econ-graph-financial-data:0.1.0] [--only installation,upgrades] [--keep]
//
// It needs Linux, root, Go 1.26, podman with the service's image, and the programs that it names where they are missing. `--keep` leaves
// the cluster up after the proof, until the interrupt. CLUSTER_CACHE is where built programs are kept (default: ~/.cache/…), CNI_PATH
// where CNI's plugins are (default: /usr/lib/cni). Takes some ten minutes, and a build of half an hour before the first time.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensurePackage } from '../../scripts/debian-package.mjs';
import { buildBinaries, customResourceFiles } from './binaries.mjs';
import { outcome } from './command.mjs';
import { pauseArchive, serviceArchive } from './images.mjs';
import { runInSandbox } from './sandbox.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const { version } = JSON.parse(readFileSync(join(here, '../../package.json'), 'utf8'));
const { values: options } = parseArgs({
  options: {
    image: { type: 'string', default: `localhost/econ-graph-financial-data:${version}` },
    only: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const cache = process.env.CLUSTER_CACHE ?? join(homedir(), '.cache', 'econ-graph-cluster');
const cni = process.env.CNI_PATH ?? '/usr/lib/cni';
const tell = (text) => process.stdout.write(`${text}\n`);

/** Debian's package for each program that has to be there. */
const PROGRAMS = {
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  podman: 'podman',
  openssl: 'openssl',
  curl: 'curl',
  nft: 'nftables',
  ip: 'iproute2',
  unshare: 'util-linux',
  'redis-server': 'redis-server',
};

async function missing() {
  if (process.platform !== 'linux' || process.getuid() !== 0) return ['Linux, and root'];
  const lacking = [];
  for (const [program, name] of Object.entries(PROGRAMS)) {
    const isThere = async () => (await outcome('sh', ['-c', `command -v ${program}`])).code === 0;
    if (!(await isThere()) && !ensurePackage(name, [program], false) && !(await isThere())) {
      lacking.push(`${program} (Debian's package ${name})`);
    }
  }
  if (!existsSync(join(cni, 'bridge'))) {
    lacking.push(`CNI's plugins in ${cni} (Debian's package containernetworking-plugins)`);
  }
  if ((await outcome('sh', ['-c', 'command -v go'])).code !== 0) lacking.push('Go 1.26 or later');
  return lacking;
}

async function main() {
  const lacking = await missing();
  if (lacking.length > 0) {
    for (const each of lacking) tell(`missing: ${each}`);
    return 1;
  }
  mkdirSync(cache, { recursive: true });
  const bin = await buildBinaries(cache, tell);
  const crds = await customResourceFiles();
  const state = mkdtempSync(join(tmpdir(), 'econ-graph-cluster-'));
  try {
    const pause = await pauseArchive(bin, cache, state);
    const service = await serviceArchive(
      options.image,
      `econ-graph-financial-data:${version}`,
      state,
    );
    if (!service) {
      tell(`missing: the image ${options.image}; podman build -t ${options.image} . makes it`);
      return 1;
    }
    const settings = {
      ...{ bin, cache, cni, crds, state, keep: options.keep },
      images: [pause, service],
      only: options.only?.split(','),
    };
    return await runInSandbox(state, join(here, 'inside.mjs'), [JSON.stringify(settings)], (pid) =>
      tell(`a shell in there: nsenter --all --target $(pgrep --parent ${pid})`),
    );
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

process.exitCode = await main();
