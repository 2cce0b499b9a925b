// The only node: containerd, kubelet, kube-proxy and the cluster's DNS, each a process of the machine. Pods are on a bridge; nothing
// enforces network policies there.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { API_PORT, CLUSTER_DOMAIN, NODE_ADDRESS, NODE_NAME, POD_NETWORK } from './addresses.mjs';
import { outcome, run } from './command.mjs';
import { answersOk } from './control-plane.mjs';
import { Daemon } from './daemon.mjs';
import { PAUSE_IMAGE } from './images.mjs';
import { controlGroupName } from './sandbox.mjs';

const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';
const API_URL = `https://${NODE_ADDRESS}:${API_PORT}`;
/** kube-controller-manager gives the first node the first part of the pods' network. */
const NODE_POD_NETWORK = '10.244.0.0/24';
const OPEN_FILES = 8192;

/** Arguments of `ctr` for the images and containers that kubelet sees. */
export const CTR = ['--address', CONTAINERD_SOCKET, '--namespace', 'k8s.io'];

/** @returns its programs in the order of their start */
export async function startNode({ bin, state, logs, authority, cni, imageFiles }) {
  const containerd = await startContainerd({ state, logs, cni });
  for (const file of imageFiles) await run('ctr', [...CTR, 'images', 'import', file]);
  const coredns = await startCoreDns({ bin, state, logs, authority });
  const kubelet = await startKubelet({ bin, state, logs, authority });
  const proxy = await startProxy({ bin, state, logs, authority });
  return [containerd, coredns, kubelet, proxy];
}

async function startContainerd({ state, logs, cni }) {
  const networks = join(state, 'cni');
  mkdirSync(networks);
  const network = {
    cniVersion: '0.4.0',
    name: 'pods',
    plugins: [
      {
        type: 'bridge',
        bridge: 'pods0',
        isGateway: true,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: join(state, 'pod-addresses'),
          ranges: [[{ subnet: NODE_POD_NETWORK }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  };
  writeFileSync(join(networks, '10-pods.conflist'), JSON.stringify(network));
  const file = join(state, 'containerd.toml');
  writeFileSync(file, containerdSettings(state, networks, cni));
  const ready = async () => (await outcome('ctr', [...CTR, 'version'])).code === 0;
  return new Daemon('containerd', 'containerd', ['--config', file], { logs, ready }).start();
}

function containerdSettings(state, networks, cni) {
  return `version = 2
root = "${join(state, 'containerd')}"
state = "/run/containerd"

[grpc]
address = "${CONTAINERD_SOCKET}"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${PAUSE_IMAGE}"
# Machines that are containers themselves may not lower it.
restrict_oom_score_adj = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "${cni}"
conf_dir = "${networks}"

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
`;
}

async function startCoreDns({ bin, state, logs, authority }) {
  const kubeconfig = await authority.kubeconfig(API_URL, 'coredns', 'coredns', []);
  const file = join(state, 'Corefile');
  writeFileSync(
    file,
    `.:53 {
  bind ${NODE_ADDRESS}
  errors
  ready 127.0.0.1:8181
  kubernetes ${CLUSTER_DOMAIN} in-addr.arpa {
    kubeconfig ${kubeconfig}
  }
  cache 5
}
`,
  );
  const ready = () => answersOk('http://127.0.0.1:8181/ready');
  return new Daemon('coredns', join(bin, 'coredns'), ['-conf', file], { logs, ready }).start();
}

async function startKubelet({ bin, state, logs, authority }) {
  const kubeconfig = await authority.kubeconfig(API_URL, 'kubelet', `system:node:${NODE_NAME}`, [
    'system:nodes',
  ]);
  const resolver = join(state, 'resolv.conf');
  writeFileSync(resolver, `nameserver ${NODE_ADDRESS}\n`);
  const file = join(state, 'kubelet.json');
  const settings = {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: authority.certificate },
    },
    authorization: { mode: 'Webhook' },
    address: NODE_ADDRESS,
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${controlGroupName(state)}`,
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: [NODE_ADDRESS],
    clusterDomain: CLUSTER_DOMAIN,
    resolvConf: resolver,
    maxOpenFiles: OPEN_FILES,
    // The disk is other people's, too; images are not fetched again.
    evictionHard: {
      'memory.available': '50Mi',
      'nodefs.available': '1%',
      'imagefs.available': '1%',
    },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
  };
  writeFileSync(file, JSON.stringify(settings));
  const args = [
    `--config=${file}`,
    `--kubeconfig=${kubeconfig}`,
    `--hostname-override=${NODE_NAME}`,
    `--node-ip=${NODE_ADDRESS}`,
  ];
  const ready = () => answersOk('http://127.0.0.1:10248/healthz');
  return new Daemon('kubelet', join(bin, 'kubelet'), args, { logs, ready }).start();
}

async function startProxy({ bin, state, logs, authority }) {
  const kubeconfig = await authority.kubeconfig(API_URL, 'kube-proxy', 'system:kube-proxy', []);
  const file = join(state, 'kube-proxy.json');
  const settings = {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig },
    mode: 'nftables',
    clusterCIDR: POD_NETWORK,
    hostnameOverride: NODE_NAME,
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249',
    // Global to the machine, and not for a network namespace to set.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
  writeFileSync(file, JSON.stringify(settings));
  const ready = () => answersOk('http://127.0.0.1:10256/healthz');
  return new Daemon('kube-proxy', join(bin, 'kube-proxy'), [`--config=${file}`], {
    logs,
    ready,
  }).start();
}
