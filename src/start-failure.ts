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
      return `DATA_DIR: ${dataDir} ${notWritable(code)}`;
    case 'EROFS':
      return `DATA_DIR: ${dataDir} is on a read-only file system (EROFS); mount a volume there that can be written`;
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

/** Most often a directory of the host that is mounted into a container belongs to somebody else there. */
function notWritable(code: string): string {
  const uid = process.getuid?.();
  if (uid === undefined) return `cannot be written by this user (${code})`;
  return (
    `cannot be written by uid ${uid} (${code}); give it to that user (chown -R ${uid} on the machine that has it), ` +
    'or run as the user who owns it (docker run --user "$(id -u):$(id -g)")'
  );
}
