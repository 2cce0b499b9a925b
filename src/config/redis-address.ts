// REDIS_URL: one server, or some nodes of one Cluster. Parsed where settings are checked and where the
// connection is made, by the same rules; the text has a password in it and is never shown.

export interface RedisAddress {
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly isTls: boolean;
  /** Empty where the server's default user is meant. */
  readonly username: string;
  readonly password: string;
  readonly database: number;
}

// scheme, user, password, host (IPv6 in brackets), port, database. What has a meaning of its own in an address,
// the comma between addresses among it, is percent-encoded in names and passwords.
const ADDRESS =
  /^(rediss?):\/\/(?:([^\s,/?#@:]*)(?::([^\s,/?#@]*))?@)?([^\s,/?#@:[\]]+|\[[0-9a-fA-F:.]+\])(?::(\d{1,5}))?(?:\/(\d{1,5})?)?$/;

export const REDIS_ADDRESS_FORM =
  'redis://[user:password@]host[:port][/database], rediss:// for TLS; nodes of one Cluster separated by commas';

/** @returns undefined where the text is not an address */
export function parseRedisAddress(text: string): RedisAddress | undefined {
  const [first, ...others] = text.split(',').map(parseOne);
  if (!first) return undefined;
  for (const other of others) {
    if (!other || other.isTls !== first.isTls || other.database + first.database > 0) {
      return undefined;
    }
    const isSame = other.username === first.username && other.password === first.password;
    if (!isSame && other.username + other.password !== '') return undefined;
  }
  return { ...first, nodes: [first, ...others].flatMap((address) => address?.nodes ?? []) };
}

function parseOne(text: string): RedisAddress | undefined {
  const match = ADDRESS.exec(text);
  if (!match) return undefined;
  const [, scheme, username = '', password = '', host, port = '6379', database = '0'] = match;
  if (Number(port) < 1 || Number(port) > 65_535) return undefined;
  try {
    return {
      nodes: [{ host: host!.replace(/^\[|\]$/g, ''), port: Number(port) }],
      isTls: scheme === 'rediss',
      username: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: Number(database),
    };
  } catch {
    // A percent sign that encodes nothing.
    return undefined;
  }
}
