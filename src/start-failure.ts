import { FlightListenError } from './flight/flight-server.js';
import { messageOf } from './core/app-error.js';
import type { Config } from './config/environment.js';

/** Why the service did not start, in one line that says what to change. */
export function startFailure(error: unknown, { dataDir, host, port, flightPort }: Config): string {
  if (error instanceof FlightListenError) {
    return error.message.includes('EADDRINUSE')
      ? `FLIGHT_PORT: port ${flightPort} on ${host} is in use; stop what listens there, or set FLIGHT_PORT to another one`
      : `FLIGHT_PORT: port ${flightPort} on ${host} cannot be listened on: ${error.message}`;
  }
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === 'listen' || syscall === 'bind' || syscall === 'getaddrinfo') {
    switch (code) {
      case 'EADDRINUSE':
        return `PORT: port ${port} on ${host} is in use; stop what listens there, or set PORT to another one`;
      case 'EACCES':
        return `PORT: port ${port} may not be listened on by this user`;
      default:
        return `HOST: ${host} is not an address of this machine (${code})`;
    }
  }
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `DATA_DIR: ${dataDir} cannot be written by this user (${code})`;
    case 'ENOTDIR':
    case 'EEXIST':
      return `DATA_DIR: ${dataDir} is not a directory`;
    case 'ENOENT':
      return `DATA_DIR: ${dataDir} cannot be made there`;
    case 'ENOSPC':
      return `DATA_DIR: ${dataDir} is on a full disk`;
    default:
      return `Start failed: ${messageOf(error)}`;
  }
}
