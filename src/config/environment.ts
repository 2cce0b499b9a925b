// Every setting, once: its variable, type, default, limits and meaning. The start validates against this
// list, and docs/configuration.md is generated from it.

import 'reflect-metadata';
import {
  IsIn,
  IsInt,
  IsNotEmpty,
  IsString,
  Matches,
  Max,
  Min,
  ValidateBy,
  validateSync,
  type ValidationError,
} from 'class-validator';
import { parseRedisAddress, REDIS_ADDRESS_FORM } from './redis-address.js';

/** What a variable may be, as a JSON Schema, for those who write settings in files that a schema checks. */
export type VariableSchema =
  | { readonly type: 'integer'; readonly minimum: number; readonly maximum: number }
  | { readonly type: 'string'; readonly enum: readonly string[] }
  | { readonly type: 'string'; readonly pattern: string }
  | { readonly type: 'string'; readonly minLength: number };

export interface VariableDescription {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly description: string;
  readonly allowed: string;
  /** The same for programs. */
  readonly schema: VariableSchema;
  readonly default: string;
  /** A secret's value is never printed. */
  readonly secret: boolean;
}

interface Variable {
  readonly property: keyof Config;
  readonly name: string;
  readonly aliases: readonly string[];
  readonly description: string;
  readonly allowed: string;
  readonly schema: VariableSchema;
  readonly secret: boolean;
  /** Turns a form that people who migrate still use into the one that is allowed. */
  readonly read: (value: string, name: string) => string;
}

const variables: Variable[] = [];

type VariableOptions = Partial<Pick<Variable, 'aliases' | 'secret' | 'read'>>;

interface Allowed {
  readonly allowed: string;
  readonly schema: VariableSchema;
}

function describe(
  { allowed, schema }: Allowed,
  name: string,
  description: string,
  options: VariableOptions,
) {
  return (_target: object, property: string | symbol): void => {
    variables.push({
      property: property as keyof Config,
      name,
      description,
      allowed,
      schema,
      aliases: options.aliases ?? [],
      secret: options.secret ?? false,
      read: options.read ?? ((value) => value),
    });
  };
}

function combine(...decorators: PropertyDecorator[]): PropertyDecorator {
  return (target, property) => {
    for (const decorate of decorators) decorate(target, property);
  };
}

function integer(
  name: string,
  [min, max]: readonly [number, number],
  description: string,
  options: VariableOptions = {},
): PropertyDecorator {
  const allowed = `a whole number from ${min} to ${max}`;
  const message = { message: allowed };
  return combine(
    describe(
      { allowed, schema: { type: 'integer', minimum: min, maximum: max } },
      name,
      description,
      options,
    ),
    IsInt(message),
    Min(min, message),
    Max(max, message),
  );
}

function text(name: string, description: string, options: VariableOptions = {}): PropertyDecorator {
  const allowed = 'a text that is not empty';
  const message = { message: allowed };
  return combine(
    describe({ allowed, schema: { type: 'string', minLength: 1 } }, name, description, options),
    IsString(message),
    IsNotEmpty(message),
  );
}

function oneOf(
  name: string,
  values: readonly string[],
  description: string,
  options: VariableOptions = {},
): PropertyDecorator {
  const allowed = `one of ${values.join(', ')}`;
  return combine(
    describe({ allowed, schema: { type: 'string', enum: values } }, name, description, options),
    IsIn(values, { message: allowed }),
  );
}

function matching(
  name: string,
  [pattern, allowed]: readonly [RegExp, string],
  description: string,
  options: VariableOptions = {},
): PropertyDecorator {
  return combine(
    describe(
      { allowed, schema: { type: 'string', pattern: pattern.source } },
      name,
      description,
      options,
    ),
    Matches(pattern, { message: allowed }),
  );
}

const ORIGINS = [
  /^(\*|https?:\/\/[^\s,/]+(,https?:\/\/[^\s,/]+)*)?$/,
  '* or origins such as https://charts.example.org, separated by commas',
] as const;

const OPERATION_NAMES = [
  /^([_A-Za-z][_0-9A-Za-z]*(,[_A-Za-z][_0-9A-Za-z]*){0,199})?$/,
  'at most 200 names of GraphQL operations, separated by commas',
] as const;

/** Empty, or where Redis is; a Cluster has no databases. */
function redisAddress(name: string, description: string): PropertyDecorator {
  const isAddress = (value: string, { redisCluster }: Config): boolean => {
    if (value === '') return true;
    const address = parseRedisAddress(value);
    return address !== undefined && (redisCluster === 0 || address.database === 0);
  };
  return combine(
    describe(
      { allowed: REDIS_ADDRESS_FORM, schema: { type: 'string', pattern: '^(rediss?://.*)?$' } },
      name,
      description,
      { secret: true },
    ),
    ValidateBy(
      {
        name,
        validator: {
          validate: (value: string, context) => isAddress(value, context!.object as Config),
        },
      },
      { message: REDIS_ADDRESS_FORM },
    ),
  );
}

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const GRAPHQL_EXECUTORS = ['compiled', 'reference'] as const;
export type GraphqlExecutor = (typeof GRAPHQL_EXECUTORS)[number];

export const PARQUET_COMPRESSIONS = ['snappy', 'zstd', 'uncompressed'] as const;
export type ParquetCompression = (typeof PARQUET_COMPRESSIONS)[number];

/** `info,storage=debug` and the like: there is one level for the whole service, the most verbose one. */
function readRustLog(value: string): string {
  const levels = value
    .toLowerCase()
    .split(',')
    .map((directive) => directive.split('=').at(-1)!.trim())
    .map((level) => (level === 'off' ? 'error' : level));
  const known = levels.map((level) => LOG_LEVELS.findIndex((name) => name === level));
  return known.includes(-1) ? value : LOG_LEVELS[Math.max(...known)]!;
}

/** The validated settings. The initial values are the defaults. */
export class Config {
  @integer('PORT', [0, 65_535], 'HTTP port; 0 takes any free one')
  readonly port: number = 3001;

  @text('HOST', 'Address to listen on; 0.0.0.0 for every interface')
  readonly host: string = '127.0.0.1';

  @integer('FLIGHT_PORT', [0, 65_535], 'Arrow Flight (gRPC) port; 0 takes any free one')
  readonly flightPort: number = 8815;

  @matching('CORS_ORIGINS', ORIGINS, 'Web pages of other origins that may query; none by default')
  readonly corsOrigins: string = '';

  @text('DATA_DIR', 'Directory that holds the Parquet files; made at the first start')
  readonly dataDir: string = './data';

  @oneOf('LOG_LEVEL', LOG_LEVELS, 'Least severe level that is logged', {
    aliases: ['RUST_LOG'],
    read: (value, name) => (name === 'RUST_LOG' ? readRustLog(value) : value),
  })
  readonly logLevel: LogLevel = 'info';

  @integer('RUST_BACKTRACE', [0, 1], 'Stack traces of unexpected errors in the log: 1 on, 0 off', {
    read: (value) => (value === 'full' ? '1' : value),
  })
  readonly logStackTraces: number = 1;

  @integer('LOG_PRETTY', [0, 1], 'Lines for people instead of JSON: 1 on, 0 off')
  readonly logPretty: number = 0;

  @integer(
    'SLOW_QUERY_MS',
    [0, 86_400_000],
    'Milliseconds from which a query or a Flight call is logged as slow; 0 logs none',
  )
  readonly slowQueryMilliseconds: number = 1000;

  @matching(
    'METRICS_OPERATION_NAMES',
    OPERATION_NAMES,
    'GraphQL operations that the metrics tell apart by name; all others are counted together',
  )
  readonly metricsOperationNames: string = '';

  @integer(
    'SHUTDOWN_DELAY_MS',
    [0, 600_000],
    'How long a stop goes on serving while the readiness check fails, so that load balancers look elsewhere',
  )
  readonly shutdownDelayMilliseconds: number = 0;

  @integer(
    'SHUTDOWN_GRACE_MS',
    [0, 3_600_000],
    'How long a stop waits for requests and streams that have begun, before it ends them',
  )
  readonly shutdownGraceMilliseconds: number = 10_000;

  @integer(
    'HEALTH_DISK_FREE_PERCENT_MIN',
    [0, 99],
    'Share of the disk of DATA_DIR that is free while the service counts as healthy; degraded below',
  )
  readonly healthDiskFreePercentMin: number = 5;

  @integer(
    'CACHE_TTL_SECONDS',
    [0, 31_536_000],
    'How long decoded batches and answers are kept, in memory and in Redis; 0 keeps nothing, and does not use Redis',
  )
  readonly cacheTtlSeconds: number = 3600;

  @integer('CACHE_MAX_ENTRIES', [1, 10_000_000], 'Most batches (one per series) in the cache')
  readonly cacheMaxEntries: number = 1000;

  @integer('CACHE_BYTES_MAX', [0, 1_099_511_627_776], 'Most bytes of batches in the cache')
  readonly cacheBytesMax: number = 134_217_728;

  @integer(
    'RESPONSE_CACHE_BYTES_MAX',
    [0, 1_099_511_627_776],
    'Most bytes of answers to repeated queries in memory; 0 keeps none',
  )
  readonly responseCacheBytesMax: number = 67_108_864;

  @redisAddress(
    'REDIS_URL',
    'Redis as the second level of the caches; memory is the only one without',
  )
  readonly redisUrl: string = '';

  @integer(
    'REDIS_CLUSTER',
    [0, 1],
    'Whether REDIS_URL names one node of a Redis Cluster: 1 yes, 0 no; several addresses always do',
  )
  readonly redisCluster: number = 0;

  @oneOf('PARQUET_COMPRESSION', PARQUET_COMPRESSIONS, 'Compression of newly written points files')
  readonly parquetCompression: ParquetCompression = 'snappy';

  @integer('PARQUET_ROW_GROUP_ROWS', [1, 10_000_000], 'Rows per row group of a points file')
  readonly parquetRowGroupRows: number = 10_000;

  @integer('PARQUET_PAGE_BYTES', [1024, 1_073_741_824], 'Data page size limit of a points file')
  readonly parquetPageBytes: number = 1_048_576;

  @integer(
    'FLUSH_INTERVAL_SECONDS',
    [0, 86_400],
    'How long a change may be in the log only before it is moved into Parquet files; 0 waits until memory or a stop asks for it',
  )
  readonly flushIntervalSeconds: number = 5;

  @integer(
    'DELTA_BYTES_MAX',
    [1_048_576, 1_099_511_627_776],
    'Most bytes of changes in memory that are not in Parquet files yet; writers wait beyond',
  )
  readonly deltaBytesMax: number = 67_108_864;

  @integer('LOG_SEGMENT_BYTES', [65_536, 1_073_741_824], 'Size of a file of the write-ahead log')
  readonly logSegmentBytes: number = 8_388_608;

  @integer(
    'SCRUB_INTERVAL',
    [0, 31_536_000],
    'Seconds in which every stored file is read and checked once, in the background; 0 checks none',
  )
  readonly scrubIntervalSeconds: number = 86_400;

  @integer(
    'DELETIONS_KEEP_DAYS',
    [1, 36_500],
    'How long tombstones of deleted points and series are kept for readers of the change feed',
  )
  readonly deletionsKeepDays: number = 400;

  @integer('WRITE_POINTS_MAX', [1, 1_000_000], 'Most points in one createDataPoints call')
  readonly writePointsMax: number = 10_000;

  @integer(
    'READ_POINTS_MAX',
    [1, 100_000_000],
    'Most points that the fields of one request may answer together',
  )
  readonly readPointsMax: number = 1_000_000;

  @integer('FLIGHT_STREAMS_MAX', [1, 100_000], 'Most Flight streams open at once')
  readonly flightStreamsMax: number = 256;

  @integer(
    'FLIGHT_STREAMS_PER_CLIENT_MAX',
    [1, 100_000],
    'Most Flight streams open at once from one address',
  )
  readonly flightStreamsPerClientMax: number = 64;

  @integer(
    'FLIGHT_IDLE_SECONDS',
    [1, 86_400],
    'How long a Flight stream waits for a client that neither reads nor sends before it is ended',
  )
  readonly flightIdleSeconds: number = 60;

  @integer('FLIGHT_MESSAGE_BYTES_MAX', [65_536, 2_147_483_647], 'Largest message that Flight takes')
  readonly flightMessageBytesMax: number = 67_108_864;

  @integer(
    'FLIGHT_PUT_BYTES_MAX',
    [65_536, 1_099_511_627_776],
    'Most bytes that all Flight uploads together hold in memory until they are stored',
  )
  readonly flightPutBytesMax: number = 268_435_456;

  @integer('HTTP_BODY_BYTES_MAX', [1024, 1_073_741_824], 'Largest HTTP request body')
  readonly httpBodyBytesMax: number = 16_777_216;

  @integer(
    'QUERY_COMPLEXITY_MAX',
    [1, 1_000_000_000],
    'Most fields that one query may answer; a list of points counts once',
  )
  readonly queryComplexityMax: number = 200_000;

  @oneOf(
    'GRAPHQL_EXECUTOR',
    GRAPHQL_EXECUTORS,
    'What answers queries: operations compiled once, with a cache of answers, or the plain executor of graphql-js',
  )
  readonly graphqlExecutor: GraphqlExecutor = 'compiled';

  @integer('QUERY_TOKENS_MAX', [100, 100_000_000], 'Most tokens in the text of one query')
  readonly queryTokensMax: number = 500_000;
}

/** Settings that a start was refused for, one line per fault. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

function variableOf(property: string): Variable {
  const found = variables.find((variable) => variable.property === property);
  if (!found) throw new Error(`setting ${property} has no variable`);
  return found;
}

/** The name that is set, the variable's own before its aliases, with its value. */
function setting(environment: NodeJS.ProcessEnv, variable: Variable): [string, string] | undefined {
  for (const name of [variable.name, ...variable.aliases]) {
    const value = environment[name];
    if (value !== undefined && value !== '') return [name, value];
  }
  return undefined;
}

function convert(value: string, initial: unknown): unknown {
  // Only plain decimal digits are a number: Number('') is 0 and Number('0x10') is 16.
  return typeof initial === 'number' && /^-?\d+$/.test(value) ? Number(value) : value;
}

/**
 * Reads the settings from an environment.
 * @throws ConfigError naming each bad variable, the value received and what is allowed
 */
export function loadConfig(environment: NodeJS.ProcessEnv): Config {
  const config = new Config();
  const received = new Map<string, [string, string]>();
  for (const variable of variables) {
    const found = setting(environment, variable);
    if (!found) continue;
    received.set(variable.property, found);
    const initial = config[variable.property];
    Object.assign(config, {
      [variable.property]: convert(variable.read(found[1], found[0]), initial),
    });
  }
  const faults = validateSync(config).map((error) => faultLine(error, received));
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

function faultLine(error: ValidationError, received: Map<string, [string, string]>): string {
  const variable = variableOf(error.property);
  const [name, value] = received.get(error.property) ?? [variable.name, ''];
  const shown = variable.secret ? 'a value that is not shown' : JSON.stringify(value);
  return `${name}: received ${shown}, allowed is ${variable.allowed}`;
}

/** All variables, for the generated documentation. */
export function describeVariables(): VariableDescription[] {
  const defaults = new Config();
  return variables.map(({ property, read: _, ...variable }) => ({
    ...variable,
    default: String(defaults[property]),
  }));
}
