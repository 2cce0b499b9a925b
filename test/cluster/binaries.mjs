// Builds Kubernetes, etcd, CoreDNS and Helm from the Go module proxy. `go install` refuses modules with replace directives, so each
// is required by a small module of its own; Kubernetes' staging modules are replaced by their releases there. The first build takes
// half an hour of a processor; later ones find their binaries in the cache directory.

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './command.mjs';
import { COREDNS, CUSTOM_RESOURCES, ETCD, HELM, KUBERNETES } from './versions.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const BUILD_MILLISECONDS = 3_600_000;
const KUBERNETES_PROGRAMS = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'kubectl',
];

const SOURCES = [
  {
    module: 'k8s.io/kubernetes',
    version: `v${KUBERNETES}`,
    programs: Object.fromEntries(
      KUBERNETES_PROGRAMS.map((name) => [name, `k8s.io/kubernetes/cmd/${name}`]),
    ),
    staging: `v0.${KUBERNETES.split('.').slice(1).join('.')}`,
    // Without these it says that it is v0.0.0, and no chart's `kubeVersion` holds.
    variables: kubernetesVersion(),
  },
  {
    module: 'go.etcd.io/etcd/server/v3',
    version: `v${ETCD}`,
    programs: { etcd: 'go.etcd.io/etcd/server/v3' },
  },
  {
    module: 'github.com/coredns/coredns',
    version: `v${COREDNS}`,
    main: 'dns',
    programs: { coredns: '.' },
  },
  {
    module: 'helm.sh/helm/v3',
    version: `v${HELM}`,
    programs: { helm: 'helm.sh/helm/v3/cmd/helm' },
    variables: helmVersion(),
  },
];

/** @returns the folder that has all programs */
export async function buildBinaries(cache, tell) {
  const folder = join(cache, 'bin');
  mkdirSync(folder, { recursive: true });
  for (const source of SOURCES) await buildModule(source, cache, folder, tell);
  await buildPause(folder, tell);
  return folder;
}

/** @returns the files of the definitions that the chart's objects need */
export async function customResourceFiles() {
  const files = [];
  for (const { module, version, folder, group, names } of CUSTOM_RESOURCES) {
    const answer = await run('go', ['mod', 'download', '-json', `${module}@${version}`], {
      milliseconds: BUILD_MILLISECONDS,
    });
    const { Dir: directory } = JSON.parse(answer);
    files.push(...names.map((name) => join(directory, folder, `${group}_${name}.yaml`)));
  }
  return files;
}

async function buildModule(source, cache, folder, tell) {
  const wanted = Object.entries(source.programs).filter(
    ([name]) => !isBuilt(folder, name, source.version),
  );
  if (wanted.length === 0) return;
  const module = join(cache, 'modules', source.module.replaceAll('/', '_'));
  mkdirSync(module, { recursive: true });
  writeFileSync(join(module, 'go.mod'), await goMod(source));
  if (source.main) copyFileSync(join(here, source.main, 'main.go'), join(module, 'main.go'));
  const flags = Object.entries(source.variables ?? {}).map(([key, value]) => `-X ${key}=${value}`);
  for (const [name, path] of wanted) {
    const began = performance.now();
    await goBuild(module, ['-ldflags', ['-s -w', ...flags].join(' ')], join(folder, name), path);
    writeFileSync(join(folder, `${name}.version`), source.version);
    tell(`built ${name} ${source.version} in ${Math.round((performance.now() - began) / 1000)} s`);
  }
}

async function goMod({ module, version, staging }) {
  const lines = ['module example.org/cluster', '', 'go 1.24.0', ''];
  if (staging) {
    const answer = await run('go', ['mod', 'download', '-json', `${module}@${version}`], {
      milliseconds: BUILD_MILLISECONDS,
    });
    const upstream = readFileSync(JSON.parse(answer).GoMod, 'utf8');
    // It decides how the runtime behaves, and counts in the main module only.
    lines.push(...(upstream.match(/^godebug .*$/gm) ?? []), '');
    for (const [, name] of upstream.matchAll(/^\t(k8s\.io\/\S+) => \.\/staging\//gm)) {
      lines.push(`replace ${name} => ${name} ${staging}`);
    }
    lines.push('');
  }
  return [...lines, `require ${module} ${version}`, ''].join('\n');
}

async function buildPause(folder, tell) {
  if (isBuilt(folder, 'pause', 'v1')) return;
  await goBuild(join(here, 'pause'), ['-ldflags', '-s -w'], join(folder, 'pause'), '.');
  writeFileSync(join(folder, 'pause.version'), 'v1');
  tell('built pause');
}

/** Two at once and no more: the linker of each takes gigabytes. */
async function goBuild(module, flags, output, path) {
  const unfinished = `${output}.unfinished`;
  await run('nice', ['-n', '10', 'go', 'build', ...flags, '-o', unfinished, path], {
    cwd: module,
    milliseconds: BUILD_MILLISECONDS,
    env: { CGO_ENABLED: '0', GOFLAGS: '-p=2 -mod=mod -trimpath -buildvcs=false' },
  });
  renameSync(unfinished, output);
}

function isBuilt(folder, name, version) {
  const file = join(folder, `${name}.version`);
  return (
    existsSync(join(folder, name)) && existsSync(file) && readFileSync(file, 'utf8') === version
  );
}

function kubernetesVersion() {
  const [major, minor] = KUBERNETES.split('.');
  const values = {
    gitVersion: `v${KUBERNETES}`,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
  };
  return Object.fromEntries(
    ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((owner) =>
      Object.entries(values).map(([name, value]) => [`${owner}.${name}`, value]),
    ),
  );
}

/** Of itself, and of the Kubernetes that `helm template` takes for granted: v1.20 in a plain build. */
function helmVersion() {
  const [major, minor] = KUBERNETES.split('.');
  const packages = ['chartutil', 'lint/rules'].map((name) => `helm.sh/helm/v3/pkg/${name}`);
  return {
    'helm.sh/helm/v3/internal/version.version': `v${HELM}`,
    ...Object.fromEntries(
      packages.flatMap((name) => [
        [`${name}.k8sVersionMajor`, major],
        [`${name}.k8sVersionMinor`, minor],
      ]),
    ),
  };
}
