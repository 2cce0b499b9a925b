// What is logged, as plain JSON values of limited size, without secrets. A value is one by the name it has, at any
// depth, or by its form within a text: credentials in an address, `password=…`, `Bearer …`. It runs for lines that
// are written only. pino's own redaction knows paths, and would have to be told each of them.

export const REDACTED = '***';

/** Parts of names, in lower case and without `-`, `_` and blanks. */
export const SECRET_NAMES = [
  'authorization',
  'cookie',
  'apikey',
  'accesskey',
  'privatekey',
  'encryptionkey',
  'password',
  'passwd',
  'passphrase',
  'token',
  'secret',
  'credential',
  'redisurl',
] as const;

/** Far above what the service logs by itself: a line stays one that can be sent and read. */
const TEXT_CHARACTERS_MAX = 20_000;
const DEPTH_MAX = 8;
const VALUES_MAX = 2_000;

/** Each letter after the first may have a `-`, `_` or blank before it, so that one list serves both forms. */
const NAMES = SECRET_NAMES.map((name) => [...name].join('[-_ ]?')).join('|');

// From the two slashes on, and no part of them without an end: a long text costs one pass. A text may be cut off
// before its end, so the at sign is not waited for where nothing else ends the name and password.
const ADDRESS_CREDENTIALS = /\/\/[^\s/?#"'<>\\]*@/g;
const CUT_CREDENTIALS = /\/\/[^\s/?#"'<>\\@:]*:[^\s/?#"'<>\\@]*(?:…|$)/g;
const SCHEME_CREDENTIALS = /\b(bearer|basic)\s{1,5}[a-z0-9._~+/=-]{6,}/gi;
/** An address that ends with its port, and has no name and password. */
const PORT = /:\d{1,5}$/;
/** Headers, whose values go on to the end of the line. */
const HEADER_VALUES =
  /((?:proxy-)?authorization|(?:set-)?cookie)(\s{0,5}[:=]\s{0,5})(?!["'\\\s*])[^\r\n"']+/gi;
const NAMED_VALUES = new RegExp(
  `((?:${NAMES})[\\w-]{0,30}\\\\?["']?\\s{0,5}[:=]\\s{0,5})` +
    // A block of text, a list, an object; a text within a text, a text (which may be cut off), a word.
    `("""[^]*?(?:"""|$)|\\[[^\\]]*\\]?|\\{[^}]*\\}?|` +
    `\\\\"(?:[^"\\\\]|\\\\[^"])*\\\\"|"(?:[^"\\\\]|\\\\.)*"?|'[^']*'?|[^\\s,;&(){}[\\]"'\\\\]+)`,
  'gi',
);

export type Loggable =
  string | number | boolean | null | readonly Loggable[] | { readonly [name: string]: Loggable };

export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[-_ ]/g, '');
  return SECRET_NAMES.some((part) => plain.includes(part));
}

/** Whole first, then cut: what is cut off may be what a secret is known by. */
export function redactedText(text: string, charactersMax = TEXT_CHARACTERS_MAX): string {
  const redacted = cut(text, TEXT_CHARACTERS_MAX)
    .replace(ADDRESS_CREDENTIALS, `//${REDACTED}@`)
    .replace(CUT_CREDENTIALS, (match) => (PORT.test(match) ? match : `//${REDACTED}`))
    .replace(SCHEME_CREDENTIALS, `$1 ${REDACTED}`)
    .replace(HEADER_VALUES, `$1$2${REDACTED}`)
    .replace(NAMED_VALUES, (_, name: string, value: string) => {
      // What was JSON stays JSON.
      const quote = /^(?:"""|\\?"|')?/.exec(value)?.[0] ?? '';
      return `${name}${quote}${REDACTED}${quote}`;
    });
  return cut(redacted, charactersMax);
}

export function cut(text: string, charactersMax: number): string {
  return text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text;
}

/** Undefined where there is nothing to be told: of undefined, functions and symbols. */
export function loggable(value: unknown): Loggable | undefined {
  return loggableAt(value, DEPTH_MAX, { left: VALUES_MAX });
}

function loggableAt(value: unknown, depth: number, values: { left: number }): Loggable | undefined {
  switch (typeof value) {
    case 'string':
      return redactedText(value);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
      return value;
    case 'bigint':
      return String(value);
    case 'object':
      if (value === null) return null;
      if (depth === 0) return '…';
      return ofObject(value, depth - 1, values);
    default:
      return undefined;
  }
}

function ofObject(value: object, depth: number, values: { left: number }): Loggable | undefined {
  if (value instanceof Error) return redactedText(String(value));
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  try {
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      return loggableAt((value as { toJSON(): unknown }).toJSON(), depth, values);
    }
    if (Array.isArray(value)) {
      const most = value.slice(0, Math.max(0, values.left));
      return most.map((item) => counted(item, depth, values) ?? null);
    }
    const fields: Record<string, Loggable> = {};
    for (const [name, item] of Object.entries(value)) {
      if (values.left <= 0) break;
      const kept = isSecretName(name) ? REDACTED : counted(item, depth, values);
      // Assigning to `__proto__` would not make a field of that name.
      if (kept !== undefined) {
        Object.defineProperty(fields, cut(name, 200), {
          value: kept,
          enumerable: true,
          configurable: true,
        });
      }
    }
    return fields;
  } catch {
    // A getter or a `toJSON` that throws must not take down whoever logs; the line says that something was there.
    return 'unreadable';
  }
}

function counted(item: unknown, depth: number, values: { left: number }): Loggable | undefined {
  values.left--;
  return loggableAt(item, depth, values);
}
