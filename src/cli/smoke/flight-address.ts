import type { FlightAddress } from '../../flight/client/flight-reader.js';
import { DEFAULT_FLIGHT_PORT, portOf, UsageError } from '../health/service-address.js';

const ENCRYPTED: Readonly<Record<string, boolean>> = {
  grpc: false,
  'grpc+tcp': false,
  'grpc+tls': true,
};

/**
 * @param given `grpc://host:port`; where it is not given, `FLIGHT_PORT` on the machine that answers over HTTP
 * @throws UsageError
 */
export function flightAddress(
  given: string | undefined,
  http: URL,
  environment: NodeJS.ProcessEnv,
): FlightAddress {
  if (given === undefined) {
    const port = portOf('FLIGHT_PORT', DEFAULT_FLIGHT_PORT, environment);
    return { target: `${http.hostname}:${port}`, isEncrypted: false };
  }
  const [, scheme = '', host = '', port = ''] =
    /^(\w+(?:\+\w+)?):\/\/(\[[\da-f:.]+\]|[^\s:/[\]]+):(\d{1,5})\/?$/i.exec(given) ?? [];
  const isEncrypted = ENCRYPTED[scheme.toLowerCase()];
  if (isEncrypted === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new UsageError(
      `--flight: received ${JSON.stringify(given)}, allowed is grpc://host:port or grpc+tls://host:port`,
    );
  }
  return { target: `${host}:${port}`, isEncrypted };
}

export function shownFlightAddress({ target, isEncrypted }: FlightAddress): string {
  return `${isEncrypted ? 'grpc+tls' : 'grpc'}://${target}`;
}
