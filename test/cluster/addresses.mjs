// Addresses of the cluster. Nothing outside of its network namespace sees them, so they need not be free on the machine.

export const NODE_NAME = 'node';
/** Of the node: API server, kubelet, DNS and whatever else runs beside the pods. */
export const NODE_ADDRESS = '172.30.0.1';
export const POD_NETWORK = '10.244.0.0/16';
export const SERVICE_NETWORK = '10.96.0.0/16';
export const API_SERVICE_ADDRESS = '10.96.0.1';
export const API_PORT = 6443;
export const CLUSTER_DOMAIN = 'cluster.local';
