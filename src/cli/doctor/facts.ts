// What `doctor` finds, as plain values: gathered once, then judged and printed by others. `--json` prints it as it is,
// so there is no secret in it. Undefined means that it is not known.

import type { FileKind } from './file-kinds.js';

export interface Facts {
  /** ISO. */
  readonly time: string;
  readonly machine: MachineFacts;
  readonly settings: SettingsFacts;
  readonly directory: DirectoryFacts;
  readonly service: ServiceFacts;
  readonly log: LogFacts | undefined;
}

export interface MachineFacts {
  /** Of this command, and so of the release that is installed. */
  readonly version: string;
  readonly nodeVersion: string;
  readonly system: string;
  readonly cpus: number;
  /** What the process may have: that of the machine, or less in a container. */
  readonly memoryBytes: number;
  readonly openFilesMax: number | undefined;
}

export interface SettingsFacts {
  /** Those that are set to something other than their default. */
  readonly changed: readonly { readonly name: string; readonly value: string }[];
  /** What a start would be refused for, one line each; the default is used below in place of a bad value. */
  readonly faults: readonly string[];
  readonly inUse: {
    readonly host: string;
    readonly port: number;
    readonly dataDir: string;
    readonly cacheBytesMax: number;
    readonly responseCacheBytesMax: number;
    readonly deltaBytesMax: number;
    readonly flightPutBytesMax: number;
    readonly logSegmentBytes: number;
    readonly healthDiskFreePercentMin: number;
    readonly hasRedis: boolean;
  };
}

export interface FileTotals {
  readonly files: number;
  readonly bytes: number;
}

export interface DirectoryFacts {
  readonly path: string;
  /** Why it could not be looked at: `ENOENT` where there is none yet. */
  readonly failure: string | undefined;
  readonly notWritable: string | undefined;
  readonly disk:
    | {
        readonly freeBytes: number;
        readonly totalBytes: number;
        /** How many more files there may be, and how many in all; 0 where the file system knows no limit. */
        readonly freeFiles: number;
        readonly totalFiles: number;
      }
    | undefined;
  readonly kinds: Readonly<Record<FileKind, FileTotals>>;
  /** Blocks that all files take of the disk. */
  readonly allocatedBytes: number;
  readonly largest: readonly { readonly name: string; readonly bytes: number }[];
  /** Of the file that was changed last. */
  readonly newest: { readonly name: string; readonly time: string } | undefined;
  readonly lock: LockFacts;
}

export type LockFacts =
  | { readonly state: 'free' }
  /** In its own words: process and host. */
  | { readonly state: 'held'; readonly holder: string | undefined }
  | { readonly state: 'unknown'; readonly reason: string };

export type ServiceFacts =
  | { readonly state: 'not asked' | 'not running' }
  | { readonly state: 'silent' | 'foreign'; readonly address: string; readonly reason: string }
  | {
      readonly state: 'answers';
      readonly address: string;
      readonly health: HealthFacts;
      /** Undefined where /metrics did not answer. */
      readonly metrics: KeyFigures | undefined;
    };

export type AnsweringService = Extract<ServiceFacts, { state: 'answers' }>;

export interface HealthFacts {
  readonly status: string;
  readonly uptimeSeconds: number | undefined;
  readonly checks: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
  }[];
}

/** Since the start of the service, where they are counts. */
export interface KeyFigures {
  readonly version: string | undefined;
  readonly residentBytes: number | undefined;
  readonly openFiles: number | undefined;
  readonly openFilesMax: number | undefined;
  readonly series: number | undefined;
  readonly points: number | undefined;
  readonly logBytes: number | undefined;
  readonly deltaBytes: number | undefined;
  readonly oldestChangeSeconds: number | undefined;
  readonly heldSeconds: number | undefined;
  /** Look-ups in memory that found something, from 0 to 1, by cache. */
  readonly hitRatios: Readonly<Record<string, number>>;
  /** What failed through the service's fault. */
  readonly errors: {
    readonly graphql: number;
    readonly flight: number;
    readonly http: number;
    readonly storage: number;
  };
}

export interface LogFacts {
  readonly file: string;
  /** Of the end of the file that was read. */
  readonly lines: number;
  readonly notJson: number;
  readonly errors: readonly LoggedError[];
}

/** Of the last lines of level `error` those with the same message. */
export interface LoggedError {
  readonly message: string;
  readonly reason: string | undefined;
  readonly count: number;
  readonly lastTime: string | undefined;
  readonly code: string | undefined;
  readonly requestId: string | undefined;
}
