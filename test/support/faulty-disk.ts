// Layers over a disk that count its calls, break one of them, or hold one up.

import { Disk, DiskFile, type DiskSpace } from '../../src/storage/disk.js';

/** Calls of a disk, and of the files that are open on it. */
export type DiskOperation = keyof Disk | keyof DiskFile;

export interface DiskCall {
  readonly operation: DiskOperation;
  /** Of the file, or of the folder. */
  readonly name: string;
}

type Around = <T>(call: DiskCall, task: () => Promise<T>) => Promise<T>;

/** Passes every call on to another disk, through `around`; those on open files too. */
export abstract class DiskLayer extends Disk {
  constructor(private readonly inner: Disk) {
    super();
  }

  protected abstract around<T>(call: DiskCall, task: () => Promise<T>): Promise<T>;

  list(folder = ''): Promise<string[]> {
    return this.around({ operation: 'list', name: folder }, () => this.inner.list(folder));
  }

  makeFolder(folder: string): Promise<void> {
    return this.around({ operation: 'makeFolder', name: folder }, () =>
      this.inner.makeFolder(folder),
    );
  }

  read(name: string, size?: number): Promise<Uint8Array> {
    return this.around({ operation: 'read', name }, () => this.inner.read(name, size));
  }

  readTail(name: string, length: number): Promise<Uint8Array> {
    return this.around({ operation: 'readTail', name }, () => this.inner.readTail(name, length));
  }

  size(name: string): Promise<number> {
    return this.around({ operation: 'size', name }, () => this.inner.size(name));
  }

  create(name: string, bytes: Uint8Array): Promise<void> {
    return this.around({ operation: 'create', name }, () => this.inner.create(name, bytes));
  }

  open(name: string): Promise<DiskFile> {
    const around: Around = (call, task) => this.around(call, task);
    return this.around({ operation: 'open', name }, async () => {
      return new LayeredFile(name, await this.inner.open(name), around);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.around({ operation: 'rename', name: to }, () => this.inner.rename(from, to));
  }

  unlink(name: string): Promise<void> {
    return this.around({ operation: 'unlink', name }, () => this.inner.unlink(name));
  }

  space(): Promise<DiskSpace> {
    return this.around({ operation: 'space', name: '' }, () => this.inner.space());
  }

  syncDirectory(folder = ''): Promise<void> {
    return this.around({ operation: 'syncDirectory', name: folder }, () =>
      this.inner.syncDirectory(folder),
    );
  }
}

class LayeredFile extends DiskFile {
  constructor(
    private readonly name: string,
    readonly inner: DiskFile,
    private readonly around: Around,
  ) {
    super();
  }

  write(offset: number, bytes: Uint8Array): Promise<void> {
    return this.call('write', () => this.inner.write(offset, bytes));
  }

  sync(): Promise<void> {
    return this.call('sync', () => this.inner.sync());
  }

  truncate(length: number): Promise<void> {
    return this.call('truncate', () => this.inner.truncate(length));
  }

  close(): Promise<void> {
    return this.call('close', () => this.inner.close());
  }

  private call(operation: keyof DiskFile, task: () => Promise<void>): Promise<void> {
    return this.around({ operation, name: this.name }, task);
  }
}

export type DiskFaultCode = 'EIO' | 'ENOSPC' | 'EMFILE';

/** The n-th call from now on fails, before or after it did its work. */
export interface Fault {
  readonly call: number;
  readonly code: DiskFaultCode;
  readonly when: 'before' | 'after';
  /** From the n-th call on all fail, until the next `arm`; only that one where it is not said. */
  readonly lasting?: boolean;
  /** The calls that are counted and can fail; all where it is not said. */
  readonly only?: (call: DiskCall) => boolean;
}

export class FaultyDisk extends DiskLayer {
  /** The calls since the last `arm`. */
  calls: DiskCall[] = [];
  /** The first call that was made to fail since the last `arm`. */
  failed: DiskCall | undefined;
  private fault: Fault | undefined;
  private countedCalls = 0;

  /** Starts to count anew; without a fault nothing fails. */
  arm(fault?: Fault): void {
    this.calls = [];
    this.failed = undefined;
    this.countedCalls = 0;
    this.fault = fault;
  }

  /** How many of the calls since the last `arm` were of these operations. */
  count(...operations: DiskOperation[]): number {
    return this.calls.filter(({ operation }) => operations.includes(operation)).length;
  }

  protected async around<T>(call: DiskCall, task: () => Promise<T>): Promise<T> {
    this.calls.push(call);
    if (!this.fault || !(this.fault.only?.(call) ?? true)) return task();
    if (!isHit(this.fault, ++this.countedCalls)) return task();
    this.failed ??= call;
    const { code, when } = this.fault;
    // A file is closed whatever `close` answers.
    if (when === 'after' || call.operation === 'close') {
      const done = await task().catch(() => undefined);
      if (done instanceof LayeredFile) await done.inner.close();
    }
    // With a path in it, as the system's errors have: no caller may ever see it.
    throw Object.assign(new Error(`${code}: failed, '/secret/${call.name}'`), { code });
  }
}

function isHit({ call, lasting = false }: Fault, number: number): boolean {
  return number === call || (lasting && number > call);
}

/** Holds single calls up until a test lets them go. */
export class HoldingDisk extends DiskLayer {
  private readonly holds = new Set<Hold>();

  /** The next such call waits: before it does its work, or before it tells of it. */
  holdNext(isHeld: (call: DiskCall) => boolean, when: 'before' | 'after' = 'before'): HeldCall {
    let letGo!: () => void;
    let reach!: () => void;
    const released = new Promise<void>((resolve) => (letGo = resolve));
    const reached = new Promise<void>((resolve) => (reach = resolve));
    this.holds.add({ isHeld, when, released, reach });
    return { reached, letGo };
  }

  /** No later call is held up. */
  stop(): void {
    this.holds.clear();
  }

  protected async around<T>(call: DiskCall, task: () => Promise<T>): Promise<T> {
    const hold = [...this.holds].find(({ isHeld }) => isHeld(call));
    if (!hold) return task();
    this.holds.delete(hold);
    if (hold.when === 'before') {
      hold.reach();
      await hold.released;
      return task();
    }
    const result = await task();
    hold.reach();
    await hold.released;
    return result;
  }
}

interface Hold {
  readonly isHeld: (call: DiskCall) => boolean;
  readonly when: 'before' | 'after';
  readonly released: Promise<void>;
  readonly reach: () => void;
}

export interface HeldCall {
  /** The call waits. */
  readonly reached: Promise<void>;
  letGo(): void;
}

const OPENING: ReadonlySet<DiskOperation> = new Set(['read', 'readTail', 'create']);

/** Tells how many files were open at once. */
export class CountingDisk extends DiskLayer {
  mostOpen = 0;
  private openNow = 0;

  protected async around<T>({ operation }: DiskCall, task: () => Promise<T>): Promise<T> {
    if (operation === 'open') {
      const file = await task();
      this.count(1);
      return file;
    }
    if (operation === 'close') return task().finally(() => this.count(-1));
    if (!OPENING.has(operation)) return task();
    this.count(1);
    return task().finally(() => this.count(-1));
  }

  private count(change: 1 | -1): void {
    this.openNow += change;
    this.mostOpen = Math.max(this.mostOpen, this.openNow);
  }
}
