/**
 * All durable input and output, on the files of one directory. What a method promises holds across a
 * power cut only where it says so; every failure is thrown as the system's error with its `code`.
 */
export abstract class Disk {
  /** Names of the files (not the folders) in the directory. */
  abstract list(): Promise<string[]>;
  abstract read(name: string): Promise<Uint8Array>;
  /** The last `length` bytes of a file, or all of it where it is shorter. */
  abstract readTail(name: string, length: number): Promise<Uint8Array>;
  abstract size(name: string): Promise<number>;
  abstract exists(name: string): Promise<boolean>;
  /** Makes a new file; its bytes are durable afterwards, its name is not. Fails where it exists. */
  abstract create(name: string, bytes: Uint8Array): Promise<void>;
  /** Puts `from` in the place of `to` in one step. */
  abstract rename(from: string, to: string): Promise<void>;
  /** A second name for the same file; fails where `name` exists. */
  abstract link(existing: string, name: string): Promise<void>;
  abstract unlink(name: string): Promise<void>;
  /** Makes all names that were created, renamed or removed durable. */
  abstract syncDirectory(): Promise<void>;
}

/** The system's error code of a failed call, for example ENOENT. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
