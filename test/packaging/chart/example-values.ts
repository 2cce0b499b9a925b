// Values as people write them, each with what it is for. Everything that the chart makes is asserted over all of them.

import type { Values } from './manifests.js';

export const RELABELING = {
  sourceLabels: ['__meta_kubernetes_pod_node_name'],
  targetLabel: 'node',
};

export const INGRESS_WITH_TLS: Values = {
  ingress: { enabled: true, className: 'nginx', hosts: ['data.example.org'] },
  flightIngress: {
    enabled: true,
    className: 'nginx',
    annotations: { 'nginx.ingress.kubernetes.io/backend-protocol': 'GRPC' },
    hosts: ['flight.example.org', '*.flight.example.org'],
  },
  tls: {
    enabled: true,
    certManager: { enabled: true, issuerRef: { name: 'letsencrypt' } },
  },
};

export const GATEWAY: Values = {
  gateway: {
    enabled: true,
    parentRefs: [{ name: 'public', namespace: 'gateways' }],
    httpHostnames: ['data.example.org'],
    flightHostnames: ['flight.example.org'],
  },
};

export const SERVICE_MONITORING: Values = {
  metrics: {
    serviceMonitor: { enabled: true, relabelings: [RELABELING], metricRelabelings: [RELABELING] },
    prometheusRule: { enabled: true, labels: { release: 'prometheus' } },
    dashboards: { enabled: true },
  },
};

export const POD_MONITORING: Values = {
  metrics: {
    podMonitor: { enabled: true, relabelings: [RELABELING], metricRelabelings: [RELABELING] },
  },
};

export const SCHEDULING: Values = {
  imagePullSecrets: [{ name: 'registry' }],
  nodeSelector: { disk: 'ssd' },
  tolerations: [{ key: 'data', operator: 'Exists', effect: 'NoSchedule' }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }],
      },
    },
  },
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
  ],
  priorityClassName: 'important',
  podAnnotations: { 'example.org/team': 'data' },
  podLabels: { team: 'data' },
  commonLabels: { owner: 'economics' },
};

export const FURTHER_PARTS: Values = {
  extraEnv: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/certificates/ca.crt' }],
  extraVolumes: [{ name: 'certificates', configMap: { name: 'certificates' } }],
  extraVolumeMounts: [{ name: 'certificates', mountPath: '/certificates', readOnly: true }],
  networkPolicy: {
    from: [{ podSelector: {} }, { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }],
    extraIngress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 3001 }] }],
    extraEgress: [{ to: [{ ipBlock: { cidr: '192.0.2.0/24' } }] }],
  },
};

export const REDIS_BY_SECRET: Values = {
  redis: { enabled: true, existingSecret: 'redis-address', cluster: true, port: 6380 },
};

export const REDIS_BY_ADDRESS: Values = {
  redis: { enabled: true, url: 'rediss://user:secret@redis:6380/1' },
};

export const EXISTING_CLAIM: Values = {
  standalone: { persistence: { existingClaim: 'data-of-before' } },
};

export const LOAD_BALANCER: Values = {
  service: {
    type: 'LoadBalancer',
    loadBalancerSourceRanges: ['10.0.0.0/8'],
    loadBalancerClass: 'example.org/internal',
    externalTrafficPolicy: 'Local',
  },
};

const RESTRICTED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};
const resources = { requests: { memory: '64Mi' }, limits: { memory: '64Mi' } };

export const FURTHER_CONTAINERS: Values = {
  extraEnvFrom: [{ secretRef: { name: 'certificates' } }],
  initContainers: [{ name: 'restore', image: 'restore:1', securityContext: RESTRICTED }],
  extraContainers: [{ name: 'backup', image: 'backup:1', securityContext: RESTRICTED, resources }],
  extraObjects: [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: '{{ .Values.fullnameOverride }}-certificates',
        namespace: '{{ .Release.Namespace }}',
        labels: {
          app: 'financial-data-service',
          'app.kubernetes.io/name': 'econ-graph-financial-data',
          'app.kubernetes.io/instance': '{{ .Release.Name }}',
        },
      },
      data: { 'ca.crt': '' },
    },
  ],
};

/** Given more than once: the one that is closer to the object counts. */
export const SAME_LABELS: Values = {
  commonLabels: { team: 'all', 'prometheus.io/service-monitor': 'true' },
  podLabels: { team: 'pods' },
  podAnnotations: { 'kubectl.kubernetes.io/default-container': 'other' },
  test: { podLabels: { team: 'test' }, podAnnotations: { 'sidecar.istio.io/inject': 'false' } },
  metrics: { serviceMonitor: { enabled: true, labels: { team: 'monitors' } } },
};

export const EXAMPLES: Record<string, Values> = {
  'the defaults': {},
  'an image by digest': {
    image: { registry: 'registry.example.org', digest: `sha256:${'0'.repeat(64)}` },
  },
  'all about where it runs': SCHEDULING,
  'certificates and rules of the network': FURTHER_PARTS,
  'Redis by a secret': REDIS_BY_SECRET,
  'Redis by its address': REDIS_BY_ADDRESS,
  'a claim that exists': EXISTING_CLAIM,
  'no volume': { standalone: { persistence: { enabled: false } } },
  'a volume with everything': {
    standalone: {
      persistence: {
        size: '1.5Ti',
        storageClassName: 'fast',
        accessModes: ['ReadWriteOncePod'],
        annotations: { 'helm.sh/resource-policy': 'keep' },
        retentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' },
      },
      updateStrategy: { type: 'OnDelete' },
    },
  },
  'probes over gRPC': {
    probes: { startup: { handler: 'grpc' }, readiness: { handler: 'grpc' } },
  },
  'ingresses with a certificate of cert-manager': INGRESS_WITH_TLS,
  'routes of a gateway': GATEWAY,
  'a ServiceMonitor, rules and dashboards': SERVICE_MONITORING,
  'a PodMonitor': POD_MONITORING,
  'nothing that can be left out': {
    podDisruptionBudget: { enabled: false },
    networkPolicy: { enabled: false },
    serviceAccount: { create: false },
  },
  'an account of another name': { serviceAccount: { name: 'reader' } },
  'a load balancer': LOAD_BALANCER,
  'containers and objects of others': FURTHER_CONTAINERS,
  'labels that are given more than once': SAME_LABELS,
  'a registry for all charts': { global: { imageRegistry: 'mirror.example.org' } },
  'no storage class': { standalone: { persistence: { storageClassName: '-' } } },
  'other names and ports': {
    fullnameOverride: 'series',
    service: {
      type: 'LoadBalancer',
      httpPort: 80,
      flightPort: 443,
      ipFamilyPolicy: 'PreferDualStack',
    },
  },
  'every kind of setting': {
    config: {
      LOG_LEVEL: 'debug',
      CACHE_BYTES_MAX: 1_099_511_627_776,
      CORS_ORIGINS: 'https://charts.example.org,https://example.org',
      PARQUET_COMPRESSION: 'zstd',
      LOG_PRETTY: 0,
    },
  },
  'users that OpenShift gives': {
    podSecurityContext: { runAsUser: null, runAsGroup: null, fsGroup: null },
  },
};
