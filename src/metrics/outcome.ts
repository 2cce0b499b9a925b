/**
 * How a GraphQL operation or a Flight call ended. `error`: the service failed; `rejected`: all its errors are the
 * caller's fault; `cancelled`: the client went while it was answered.
 */
export type Outcome = 'success' | 'error' | 'rejected' | 'cancelled';
