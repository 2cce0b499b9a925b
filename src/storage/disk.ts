/**
 * All durable input and output, on the files of one directory and of its folders (`wal`, `indexes`): a name
 * is that of a file or `folder/file`. What a method promises holds across a power cut only where it says
 * so; every failure is thrown as the system's error with its `code`.
 */
export abstract class Disk {
  /** Names of the files (not the folders) in a folder, without the folder's; none where it is missing. */
  abstract list(folder?: string): Promise<string[]>;
  /** Makes a folder of the directory, durably; nothing where it exists. */
  abstract makeFolder(folder: string): Promise<void>;
  /**
   * The whole file.
   * @param size that it probably has: then it is read without being asked for its size, in half of the time
   */
  abstract read(name: string, size?: number): Promise<Uint8Array>;
  /** The last `length` bytes of a file, or all of it where it is shorter. */
  abstract readTail(name: string, length: number): Promise<Uint8Array>;
  abstract size(name: string): Promise<number>;
  /** Makes a new file; its bytes are durable afterwards, its name is not. Fails where it exists. */
  abstract create(name: string, bytes: Uint8Array): Promise<void>;
  /** Opens a file that exists, to be written in place. */
  abstract open(name: string): Promise<DiskFile>;
  /** Puts `from` in the place of `to` in one step; both are in one folder. */
  abstract rename(from: string, to: string): Promise<void>;
  abstract unlink(name: string): Promise<void>;
  /** Of the file system that the directory is on. */
  abstract space(): Promise<DiskSpace>;
  /** Makes all names of a folder that were created, renamed or removed durable. */
  abstract syncDirectory(folder?: string): Promise<void>;
}

export interface DiskSpace {
  /** For this user: some file systems keep a part for their administrator. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** A file that is written in place. */
export abstract class DiskFile {
  /** Nothing of it is durable before `sync`, and any part of it may be. */
  abstract write(offset: number, bytes: Uint8Array): Promise<void>;
  /**
   * Makes what was written, and the length, durable. After a failure nobody knows what is: the system
   * may have given the bytes up, and a second call would not say so.
   */
  abstract sync(): Promise<void>;
  abstract truncate(length: number): Promise<void>;
  abstract close(): Promise<void>;
}

/** The system's error code of a failed call, for example ENOENT. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

export async function unlinkIfPresent(disk: Disk, name: string): Promise<void> {
  try {
    await disk.unlink(name);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
