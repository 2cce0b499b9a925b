// etcd, API server, controllers and scheduler, each a process of the machine.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  API_PORT,
  API_SERVICE_ADDRESS,
  NODE_ADDRESS,
  POD_NETWORK,
  SERVICE_NETWORK,
} from './addresses.mjs';
import { outcome } from './command.mjs';
import { Daemon } from './daemon.mjs';

const ETCD_URL = 'http://127.0.0.1:2379';
export const API_URL = `https://${NODE_ADDRESS}:${API_PORT}`;

/** @returns its programs in the order of their start, and the administrator's kubeconfig */
export async function startControlPlane({ bin, state, logs, authority }) {
  const etcd = await startEtcd({ bin, state, logs });
  const admin = await authority.kubeconfig(API_URL, 'admin', 'admin', ['system:masters']);
  const kubectl = (...args) => outcome(join(bin, 'kubectl'), ['--kubeconfig', admin, ...args]);
  const accounts = await authority.keyPair('service-accounts');
  const apiServer = await startApiServer({ bin, logs, authority, accounts, kubectl });
  const managed = ['kube-controller-manager', 'kube-scheduler'].map(async (name) => {
    const kubeconfig = await authority.kubeconfig(API_URL, name, `system:${name}`, []);
    const flags = name === 'kube-scheduler' ? [] : controllerFlags(authority, accounts);
    const args = [`--kubeconfig=${kubeconfig}`, '--bind-address=127.0.0.1', '--leader-elect=false'];
    const port = name === 'kube-scheduler' ? 10259 : 10257;
    const ready = () => answersOk(`https://127.0.0.1:${port}/healthz`);
    return new Daemon(name, join(bin, name), [...args, ...flags], { logs, ready }).start();
  });
  return { daemons: [etcd, apiServer, ...(await Promise.all(managed))], admin };
}

function startEtcd({ bin, state, logs }) {
  const data = join(state, 'etcd');
  mkdirSync(data, { mode: 0o700 });
  const args = [
    `--data-dir=${data}`,
    `--listen-client-urls=${ETCD_URL}`,
    `--advertise-client-urls=${ETCD_URL}`,
    '--listen-peer-urls=http://127.0.0.1:2380',
    // What it would keep safe lives as long as this run.
    '--unsafe-no-fsync',
  ];
  const ready = () => answersOk(`${ETCD_URL}/health`);
  return new Daemon('etcd', join(bin, 'etcd'), args, { logs, ready }).start();
}

async function startApiServer({ bin, logs, authority, accounts, kubectl }) {
  const serving = await authority.issue('kube-apiserver', 'kube-apiserver', {
    addresses: [
      ...['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'].map(
        (name) => `DNS:${name}`,
      ),
      `IP:${NODE_ADDRESS}`,
      `IP:${API_SERVICE_ADDRESS}`,
    ],
  });
  const kubelet = await authority.issue('kubelet-client', 'kube-apiserver', {
    groups: ['system:masters'],
  });
  const args = [
    `--etcd-servers=${ETCD_URL}`,
    `--advertise-address=${NODE_ADDRESS}`,
    `--bind-address=${NODE_ADDRESS}`,
    `--secure-port=${API_PORT}`,
    `--service-cluster-ip-range=${SERVICE_NETWORK}`,
    `--client-ca-file=${authority.certificate}`,
    `--tls-cert-file=${serving.certificate}`,
    `--tls-private-key-file=${serving.key}`,
    `--kubelet-client-certificate=${kubelet.certificate}`,
    `--kubelet-client-key=${kubelet.key}`,
    '--kubelet-preferred-address-types=InternalIP',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-signing-key-file=${accounts.key}`,
    `--service-account-key-file=${accounts.publicKey}`,
    '--authorization-mode=Node,RBAC',
    // Pod Security is among the plugins that are on without being named.
    '--enable-admission-plugins=NodeRestriction',
  ];
  const ready = async () => (await kubectl('get', '--raw', '/readyz')).code === 0;
  return new Daemon('kube-apiserver', join(bin, 'kube-apiserver'), args, {
    logs,
    ready,
    readyMilliseconds: 180_000,
  }).start();
}

function controllerFlags(authority, accounts) {
  return [
    `--service-account-private-key-file=${accounts.key}`,
    `--root-ca-file=${authority.certificate}`,
    `--cluster-signing-cert-file=${authority.certificate}`,
    `--cluster-signing-key-file=${authority.key}`,
    '--use-service-account-credentials',
    '--allocate-node-cidrs',
    `--cluster-cidr=${POD_NETWORK}`,
    `--service-cluster-ip-range=${SERVICE_NETWORK}`,
  ];
}

/** By curl, which takes a server's own certificate without changing that for this process. */
export async function answersOk(url) {
  return (await outcome('curl', ['-kfs', '-o', '/dev/null', '--max-time', '2', url])).code === 0;
}
