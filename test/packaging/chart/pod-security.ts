// The Pod Security Standard "restricted", with all of "baseline", as Kubernetes defines it
// (https://kubernetes.io/docs/concepts/security/pod-security-standards/).

import type { Json } from './manifests.js';

const VOLUME_TYPES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];
const SECCOMP_TYPES = ['RuntimeDefault', 'Localhost'];
const SELINUX_TYPES = [undefined, '', 'container_t', 'container_init_t', 'container_kvm_t'];
const SAFE_SYSCTLS = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
  'net.ipv4.tcp_syncookies',
];

/** What of a pod's specification the standard forbids: a line for each. */
export function violations(pod: Json): string[] {
  const faults: string[] = [];
  const check = (holds: boolean, fault: string) => holds || faults.push(fault);
  const security = pod.securityContext ?? {};
  for (const name of ['hostNetwork', 'hostPID', 'hostIPC']) check(!pod[name], name);
  for (const { name } of security.sysctls ?? []) {
    check(SAFE_SYSCTLS.includes(name), `sysctl ${name}`);
  }
  for (const { name, ...types } of pod.volumes ?? []) {
    const [type = ''] = Object.keys(types);
    check(VOLUME_TYPES.includes(type), `volume ${name} is a ${type}`);
  }
  checkOptions(security, 'pod', check);
  const containers = [pod.containers, pod.initContainers, pod.ephemeralContainers].flat();
  for (const container of containers.filter(Boolean)) checkContainer(container, security, check);
  return faults;
}

type Check = (holds: boolean, fault: string) => unknown;

function checkContainer(container: Json, pod: Json, check: Check): void {
  const { name, securityContext: own = {}, ports = [] } = container;
  const setting = (key: string): Json => own[key] ?? pod[key];
  for (const { hostPort } of ports) check(!hostPort, `${name}: host port ${hostPort}`);
  check(!own.privileged, `${name}: privileged`);
  check(own.allowPrivilegeEscalation === false, `${name}: may escalate privileges`);
  check(setting('runAsNonRoot') === true, `${name}: may run as root`);
  check(setting('runAsUser') !== 0, `${name}: runs as root`);
  check(own.capabilities?.drop?.includes('ALL') === true, `${name}: keeps capabilities`);
  const added: string[] = own.capabilities?.add ?? [];
  for (const capability of added) {
    check(capability === 'NET_BIND_SERVICE', `${name}: adds capability ${capability}`);
  }
  check(SECCOMP_TYPES.includes(setting('seccompProfile')?.type), `${name}: no seccomp profile`);
  check([undefined, 'Default'].includes(own.procMount), `${name}: mounts /proc otherwise`);
  checkOptions(own, name, check);
}

/** What pods and containers have alike. */
function checkOptions(security: Json, name: string, check: Check): void {
  check(!security.windowsOptions?.hostProcess, `${name}: host process`);
  check(SELINUX_TYPES.includes(security.seLinuxOptions?.type), `${name}: SELinux type`);
  check(!security.seLinuxOptions?.user && !security.seLinuxOptions?.role, `${name}: SELinux role`);
  const armor: string = security.appArmorProfile?.type ?? 'RuntimeDefault';
  check(['RuntimeDefault', 'Localhost'].includes(armor), `${name}: AppArmor off`);
}
