// What the cluster is made of. Kubernetes 1.34 is the last minor version that takes both a node with control groups v1 without
// being told to, and containerd 1.6, which Debian 12 has.

export const KUBERNETES = '1.34.4';
export const ETCD = '3.6.16';
export const COREDNS = '1.14.7';
export const HELM = '3.22.0';

/** Modules that bring definitions of custom resources, and the folders these are in. */
export const CUSTOM_RESOURCES = [
  {
    module: 'github.com/prometheus-operator/prometheus-operator',
    group: 'monitoring.coreos.com',
    version: 'v0.85.0',
    folder: 'example/prometheus-operator-crd',
    names: ['servicemonitors', 'podmonitors', 'prometheusrules'],
  },
  {
    module: 'github.com/cert-manager/cert-manager',
    group: 'cert-manager.io',
    version: 'v1.21.2',
    folder: 'deploy/crds',
    names: ['certificates', 'issuers', 'clusterissuers'],
  },
  {
    module: 'sigs.k8s.io/gateway-api',
    group: 'gateway.networking.k8s.io',
    version: 'v1.6.3',
    folder: 'config/crd/standard',
    names: ['httproutes', 'grpcroutes', 'gateways', 'gatewayclasses'],
  },
];
