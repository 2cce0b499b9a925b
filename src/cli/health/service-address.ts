// Where the service is that a command asks: what an option says, or where a service listens that has the same environment.
// Read by hand: `health` runs every few seconds, and the checked settings take longer to load than it takes to ask.

/** An option or a variable is wrong; the message names it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Of `PORT` and `FLIGHT_PORT`, `HOST`: the defaults of the settings. */
export const DEFAULT_HTTP_PORT = 3001;
export const DEFAULT_FLIGHT_PORT = 8815;
export const DEFAULT_HOST = '127.0.0.1';

const PORT_MAX = 65_535;

/**
 * @param given `http://host:port`, with a path where the service stands behind one
 * @returns ends in a slash
 * @throws UsageError
 */
export function httpAddress(given: string | undefined, environment: NodeJS.ProcessEnv): URL {
  if (given === undefined) {
    const port = portOf('PORT', DEFAULT_HTTP_PORT, environment);
    return new URL(`http://${reachableHost(environment)}:${port}/`);
  }
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new UsageError(
      `--url: received ${JSON.stringify(given)}, allowed is http://host:port or https://host:port`,
    );
  }
  url.search = '';
  url.hash = '';
  url.pathname = `${url.pathname.replace(/\/+$/, '').replace(/\/graphql$/, '')}/`;
  return url;
}

/** As it may be printed: a password in it is not. */
export function shownAddress({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`.replace(/\/$/, '');
}

/** A service that listens on every interface is asked on this machine. */
export function reachableHost(environment: NodeJS.ProcessEnv): string {
  const host = environment['HOST'] || DEFAULT_HOST;
  switch (host) {
    case '0.0.0.0':
    case 'localhost':
      // By that name, too, the service listens on this address only.
      return '127.0.0.1';
    case '::':
    case '[::]':
      // Both protocols, of which one may be switched off.
      return 'localhost';
    default: {
      const written = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
      if (URL.canParse(`http://${written}:1/`)) return written;
      throw new UsageError(`HOST: received ${JSON.stringify(host)}: say where it is with --url`);
    }
  }
}

/** @throws UsageError */
export function portOf(name: string, absent: number, environment: NodeJS.ProcessEnv): number {
  const text = environment[name] || String(absent);
  const port = /^\d+$/.test(text) ? Number(text) : PORT_MAX + 1;
  if (port > PORT_MAX) {
    throw new UsageError(
      `${name}: received ${JSON.stringify(text)}, allowed is a whole number from 0 to ${PORT_MAX}`,
    );
  }
  if (port === 0) {
    const option = name === 'PORT' ? '--url' : '--flight';
    throw new UsageError(`${name}: 0 takes any free port: say which one it is with ${option}`);
  }
  return port;
}
