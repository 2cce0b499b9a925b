export interface Value {
  /** Keys joined by dots. */
  readonly path: string;
  readonly key: string;
  /** The comment above the key, as one paragraph. */
  readonly description: string;
  /** The default. */
  readonly value: unknown;
  /** Of a map that is not empty. */
  readonly children: readonly Value[];
}

/** The keys of the topmost level. */
export declare function readValues(): Value[];
