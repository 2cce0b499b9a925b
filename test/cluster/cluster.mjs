// A whole cluster of one node, and what it offers to the proof: kubectl, Helm, volumes, addresses.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_NAME } from './addresses.mjs';
import { Authority } from './certificates.mjs';
import { outcome, run } from './command.mjs';
import { startControlPlane } from './control-plane.mjs';
import { startNode } from './node.mjs';
import { until } from './until.mjs';

const VOLUMES = 6;

export class Cluster {
  daemons = [];

  constructor({ bin, state, cni }) {
    Object.assign(this, { bin, state, cni });
    this.logs = join(state, 'logs');
    mkdirSync(this.logs, { recursive: true });
  }

  async startControlPlane() {
    const keys = join(this.state, 'keys');
    mkdirSync(keys, { mode: 0o700 });
    this.authority = await new Authority(keys).create();
    const { daemons, admin } = await startControlPlane({
      bin: this.bin,
      state: this.state,
      logs: this.logs,
      authority: this.authority,
    });
    this.daemons.push(...daemons);
    this.env = { KUBECONFIG: admin, HELM_CACHE_HOME: join(this.state, 'helm') };
    await this.apply(...dnsPermissions());
  }

  async startNode(imageFiles) {
    const { bin, state, logs, authority, cni } = this;
    this.daemons.push(...(await startNode({ bin, state, logs, authority, cni, imageFiles })));
    await until('the node is ready', 120_000, async () => {
      const node = await this.find('node', NODE_NAME);
      return condition(node, 'Ready')?.status === 'True';
    });
    await this.addVolumes();
  }

  /** Disks of the node, which pods get as their owner's: what a cloud's disks do, too. */
  async addVolumes() {
    const volumes = Array.from({ length: VOLUMES }, (_, number) => {
      const path = join(this.state, `volume-${number}`);
      mkdirSync(path);
      return localVolume(`volume-${number}`, path);
    });
    await this.apply(storageClass(), ...volumes);
  }

  async stop() {
    for (const daemon of this.daemons.reverse()) await daemon.stop();
  }

  kubectl(...args) {
    return run(join(this.bin, 'kubectl'), args, { env: this.env });
  }

  /** @returns what it wrote and how it ended, whatever that was */
  kubectlOutcome(args, options = {}) {
    return outcome(join(this.bin, 'kubectl'), args, { ...options, env: this.env });
  }

  helm(...args) {
    return run(join(this.bin, 'helm'), args, { env: this.env, milliseconds: 600_000 });
  }

  helmOutcome(...args) {
    return outcome(join(this.bin, 'helm'), args, { env: this.env, milliseconds: 600_000 });
  }

  /** As an API server of a careful operator takes it: unknown fields are errors. */
  apply(...objects) {
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    return run(
      join(this.bin, 'kubectl'),
      ['apply', '--server-side', '--validate=strict', '-f', '-'],
      { env: this.env, input: JSON.stringify(list) },
    );
  }

  /** @returns the object, or nothing where there is none */
  async find(kind, name, namespace = 'default') {
    const text = await this.kubectl(
      ...['get', kind, name, '-n', namespace, '-o', 'json', '--ignore-not-found'],
    );
    return text === '' ? undefined : JSON.parse(text);
  }

  async list(kind, namespace, selector) {
    const only = selector ? ['-l', selector] : [];
    return JSON.parse(await this.kubectl('get', kind, '-n', namespace, ...only, '-o', 'json'))
      .items;
  }

  /** Holds every pod of it to a Pod Security Standard. */
  async createNamespace(name, standard = 'restricted') {
    const labels = Object.fromEntries(
      ['enforce', 'warn', 'audit'].map((mode) => [`pod-security.kubernetes.io/${mode}`, standard]),
    );
    await this.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
    // No pod is taken before a controller has made its account.
    const account = () => this.find('serviceaccount', 'default', name);
    await until('the namespace has an account', 60_000, account);
  }
}

export function condition(object, type) {
  return object?.status?.conditions?.find((each) => each.type === type);
}

function dnsPermissions() {
  const rules = [
    { apiGroups: [''], resources: ['services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
  ];
  const metadata = { name: 'coredns' };
  const rbac = 'rbac.authorization.k8s.io';
  return [
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata, rules },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'coredns' },
      subjects: [{ apiGroup: rbac, kind: 'User', name: 'coredns' }],
    },
  ];
}

function storageClass() {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: {
      name: 'disks',
      annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
    },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  };
}

function localVolume(name, path) {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: '100Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: 'disks',
      local: { path },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            {
              matchExpressions: [
                { key: 'kubernetes.io/hostname', operator: 'In', values: [NODE_NAME] },
              ],
            },
          ],
        },
      },
    },
  };
}
