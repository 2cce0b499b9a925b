// Layers over a disk that count its calls, break one of them, or hold one up.

import { Disk } from '../../src/storage/disk.js';

export type DiskOperation = Exclude<keyof Disk, 'toString'>;

export interface DiskCall {
  readonly operation: DiskOperation;
  readonly name: string;
}

/** Passes every call on to another disk, through `around`. */
export abstract class DiskLayer extends Disk {
  constructor(private readonly inner: Disk) {
    super();
  }

  protected abstract around<T>(call: DiskCall, task: () => Promise<T>): Promise<T>;

  list(): Promise<string[]> {
    return this.around({ operation: 'list', name: '' }, () => this.inner.list());
  }

  read(name: string): Promise<Uint8Array> {
    return this.around({ operation: 'read', name }, () => this.inner.read(name));
  }

  readTail(name: string, length: number): Promise<Uint8Array> {
    return this.around({ operation: 'readTail', name }, () => this.inner.readTail(name, length));
  }

  size(name: string): Promise<number> {
    return this.around({ operation: 'size', name }, () => this.inner.size(name));
  }

  exists(name: string): Promise<boolean> {
    return this.around({ operation: 'exists', name }, () => this.inner.exists(name));
  }

  create(name: string, bytes: Uint8Array): Promise<void> {
    return this.around({ operation: 'create', name }, () => this.inner.create(name, bytes));
  }

  rename(from: string, to: string): Promise<void> {
    return this.around({ operation: 'rename', name: to }, () => this.inner.rename(from, to));
  }

  link(existing: string, name: string): Promise<void> {
    return this.around({ operation: 'link', name: existing }, () =>
      this.inner.link(existing, name),
    );
  }

  unlink(name: string): Promise<void> {
    return this.around({ operation: 'unlink', name }, () => this.inner.unlink(name));
  }

  syncDirectory(): Promise<void> {
    return this.around({ operation: 'syncDirectory', name: '' }, () => this.inner.syncDirectory());
  }
}

/** The n-th call from now on fails, before or after it did its work. */
export interface Fault {
  readonly call: number;
  readonly code: 'EIO' | 'ENOSPC';
  readonly when: 'before' | 'after';
}

export class FaultyDisk extends DiskLayer {
  /** The calls since the last `arm`. */
  calls: DiskCall[] = [];
  private fault: Fault | undefined;

  /** Starts to count anew; without a fault nothing fails. */
  arm(fault?: Fault): void {
    this.calls = [];
    this.fault = fault;
  }

  protected async around<T>(call: DiskCall, task: () => Promise<T>): Promise<T> {
    this.calls.push(call);
    if (this.calls.length !== this.fault?.call) return task();
    const { code, when } = this.fault;
    if (when === 'after') await task().catch(() => undefined);
    // With a path in it, as the system's errors have: no caller may ever see it.
    throw Object.assign(new Error(`${code}: failed, '/secret/${call.name}'`), { code });
  }
}

const OPENING: ReadonlySet<DiskOperation> = new Set(['read', 'readTail', 'create']);

/** Tells how many files were open at once. */
export class CountingDisk extends DiskLayer {
  mostOpen = 0;
  private open = 0;

  protected async around<T>({ operation }: DiskCall, task: () => Promise<T>): Promise<T> {
    if (!OPENING.has(operation)) return task();
    this.mostOpen = Math.max(this.mostOpen, ++this.open);
    try {
      return await task();
    } finally {
      this.open--;
    }
  }
}
