// The second level of the caches, shared by all replicas and outliving their restarts. It is a cache and
// nothing more: whatever happens to it, a caller is answered without it.

export type SharedKind = 'batches' | 'responses';

export type SharedCacheState =
  | { readonly state: 'unused' }
  | { readonly state: 'up'; readonly milliseconds: number }
  | { readonly state: 'away'; readonly reason: string };

export abstract class SharedCache {
  /** Whether there is one at all. */
  abstract readonly isConfigured: boolean;

  /**
   * Never rejects, and answers within a few tens of milliseconds: undefined where the value is absent,
   * damaged, of another format or too late, or the server is away. The bytes belong to the caller, in an
   * array of their own that is aligned for every kind of column.
   * @param name says all that the value depends on, so that it can never be stale; made in `names.ts`
   * @param milliseconds after which an answer is too late; a few tens where left out
   */
  abstract get(
    kind: SharedKind,
    name: string,
    milliseconds?: number,
  ): Promise<Uint8Array | undefined>;

  /**
   * Returns at once; what cannot be stored soon is dropped and counted.
   * @param parts the value, in pieces that nobody changes any more
   */
  abstract set(kind: SharedKind, name: string, parts: readonly Uint8Array[]): void;

  /** How the server fares, asked now. Never rejects, and is as quick as `get`. */
  abstract check(): Promise<SharedCacheState>;
}

/** Where the memory of the process is the only level. */
export class NoSharedCache extends SharedCache {
  readonly isConfigured = false;

  get(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  set(): void {
    // There is nowhere to store it.
  }

  check(): Promise<SharedCacheState> {
    return Promise.resolve({ state: 'unused' });
  }
}
