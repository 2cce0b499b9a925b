// The values that Kubernetes and its extensions define: their schemas are made from these types.

import type { IHTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute';
import type { IServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import type { IStatefulSetPersistentVolumeClaimRetentionPolicy } from 'kubernetes-models/apps/v1/StatefulSetPersistentVolumeClaimRetentionPolicy';
import type { IStatefulSetUpdateStrategy } from 'kubernetes-models/apps/v1/StatefulSetUpdateStrategy';
import type { INetworkPolicyEgressRule } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyEgressRule';
import type { INetworkPolicyIngressRule } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyIngressRule';
import type { INetworkPolicyPeer } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer';
import type { IAffinity } from 'kubernetes-models/v1/Affinity';
import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IEnvFromSource } from 'kubernetes-models/v1/EnvFromSource';
import type { IEnvVar } from 'kubernetes-models/v1/EnvVar';
import type { ILocalObjectReference } from 'kubernetes-models/v1/LocalObjectReference';
import type { IPodSecurityContext } from 'kubernetes-models/v1/PodSecurityContext';
import type { ISecurityContext } from 'kubernetes-models/v1/SecurityContext';
import type { IToleration } from 'kubernetes-models/v1/Toleration';
import type { ITopologySpreadConstraint } from 'kubernetes-models/v1/TopologySpreadConstraint';
import type { IVolume } from 'kubernetes-models/v1/Volume';
import type { IVolumeMount } from 'kubernetes-models/v1/VolumeMount';

type Relabelings = IServiceMonitor['spec']['endpoints'][number]['relabelings'];

/** By the paths of the values. */
export interface KubernetesValues {
  imagePullSecrets: ILocalObjectReference[];
  extraEnv: IEnvVar[];
  extraEnvFrom: IEnvFromSource[];
  initContainers: IContainer[];
  extraContainers: IContainer[];
  'standalone.persistence.retentionPolicy': IStatefulSetPersistentVolumeClaimRetentionPolicy;
  'standalone.updateStrategy': IStatefulSetUpdateStrategy;
  podSecurityContext: IPodSecurityContext;
  securityContext: ISecurityContext;
  affinity: IAffinity;
  tolerations: IToleration[];
  topologySpreadConstraints: ITopologySpreadConstraint[];
  extraVolumes: IVolume[];
  extraVolumeMounts: IVolumeMount[];
  'networkPolicy.from': INetworkPolicyPeer[];
  'networkPolicy.extraIngress': INetworkPolicyIngressRule[];
  'networkPolicy.extraEgress': INetworkPolicyEgressRule[];
  'gateway.parentRefs'?: IHTTPRoute['spec']['parentRefs'];
  'metrics.serviceMonitor.relabelings'?: Relabelings;
  'metrics.serviceMonitor.metricRelabelings'?: Relabelings;
  'metrics.podMonitor.relabelings'?: Relabelings;
  'metrics.podMonitor.metricRelabelings'?: Relabelings;
}
