// A disk in memory that keeps apart what is durable and what is not, for bytes and for names, and that
// loses power, loses the process, or fails at any call. One seed decides everything that it does.

import { Disk, DiskFile, type DiskSpace } from '../../src/storage/disk.js';
import type { DiskFaultCode, DiskOperation } from './faulty-disk.js';
import type { Random } from './random.js';
import { SimInode } from './sim-inode.js';

/** Thrown by the call at which the power went, and by every later one. */
export class SimulatedCrash extends Error {
  override readonly name = 'SimulatedCrash';
}

/**
 * `process`: only the process died, all that it did is there and as volatile as before.
 * `nothing`, `all`: the power went, and what was not synced is lost, or came through by luck.
 * `some`: the power went, and any part of it came through.
 */
export type CrashMode = 'process' | 'nothing' | 'all' | 'some';

const CRASH_MODES: readonly CrashMode[] = [
  'process',
  'nothing',
  'nothing',
  'all',
  'some',
  'some',
  'some',
  'some',
];

/** With these probabilities an unsynced name, or sector, comes through in the mode `some`. */
const SURVIVALS = [0, 0.1, 0.5, 0.9, 1];

export interface SimFault {
  /** The first call that fails, counted from now over those that can fail with the code; 1 is the next. */
  readonly call: number;
  readonly code: DiskFaultCode;
  /** From that call on all fail, until `heal`. */
  readonly lasting: boolean;
}

/** Where it is not said, every operation can. */
const FAILING: Partial<Record<DiskFaultCode, ReadonlySet<DiskOperation>>> = {
  ENOSPC: new Set(['create', 'write', 'makeFolder']),
  EMFILE: new Set(['list', 'read', 'readTail', 'create', 'open', 'syncDirectory', 'makeFolder']),
};

type NameChange =
  | { readonly kind: 'link'; readonly name: string; readonly inode: SimInode }
  | { readonly kind: 'unlink'; readonly name: string }
  | {
      readonly kind: 'rename';
      readonly from: string;
      readonly to: string;
      readonly inode: SimInode;
    };

type Names = Map<string, SimInode>;

interface Folder {
  durable: Names;
  readonly visible: Names;
  /** Since the last sync of the directory, in order. */
  unsynced: NameChange[];
}

export class SimDisk extends Disk {
  private folders = new Map<string, Folder>([['', emptyFolder()]]);
  private calls = 0;
  private crashCall: number | undefined;
  private fault: SimFault | undefined;
  private faultCalls = 0;
  private failures = 0;
  private dead = false;
  private announceDeath: () => void = () => undefined;
  /** Resolves when the disk is gone. */
  readonly death = new Promise<void>((resolve) => (this.announceDeath = resolve));

  constructor(private readonly random: Random) {
    super();
  }

  /** Calls so far, those on open files included. */
  get operations(): number {
    return this.calls;
  }

  get isDead(): boolean {
    return this.dead;
  }

  /** How many calls were made to fail. */
  get faults(): number {
    return this.failures;
  }

  /** The power goes at the n-th call from now on, which may still take effect, wholly or in part. */
  crashAt(call: number): void {
    this.crashCall = this.calls + call;
  }

  failAt(fault: SimFault): void {
    this.fault = fault;
    this.faultCalls = 0;
  }

  /** No crash and no fault from now on. */
  heal(): void {
    this.crashCall = undefined;
    this.fault = undefined;
  }

  /** The power goes now. */
  kill(): void {
    this.dead = true;
    this.announceDeath();
  }

  /** The same disk once more, with all that is volatile on it. */
  clone(random: Random): SimDisk {
    const inodes = new Map<SimInode, SimInode>();
    return this.derive(
      random,
      inodes,
      (inode) => inode.copy(),
      ({ durable, visible, unsynced }) => ({
        durable: new Map(durable),
        visible: new Map(visible),
        unsynced,
      }),
    );
  }

  /** What the next start may find after a crash at this moment; this disk stays as it is. */
  crash(random: Random, mode: CrashMode = random.pick(CRASH_MODES)): SimDisk {
    if (mode === 'process') return this.clone(random.fork());
    const [names, bytes] = survivals(random, mode);
    const inodes = new Map<SimInode, SimInode>();
    return this.derive(
      random.fork(),
      inodes,
      (inode) => inode.afterPowerCut(random, bytes),
      ({ durable, unsynced }) => {
        const left = new Map(durable);
        for (const change of unsynced) if (random.chance(names)) applyName(left, change);
        return { durable: left, visible: new Map(left), unsynced: [] };
      },
    );
  }

  /** Everything in a folder is gone, durably, as after `rm` and a restart. */
  empty(folder: string): void {
    if (this.folders.has(folder)) this.folders.set(folder, emptyFolder());
  }

  list(folder = ''): Promise<string[]> {
    return this.call('list', folder, () => [...(this.folders.get(folder)?.visible.keys() ?? [])]);
  }

  makeFolder(folder: string): Promise<void> {
    return this.call('makeFolder', folder, () => {
      if (!this.folders.has(folder)) this.folders.set(folder, emptyFolder());
    });
  }

  read(name: string): Promise<Uint8Array> {
    return this.call('read', name, () => this.find(name).read());
  }

  readTail(name: string, length: number): Promise<Uint8Array> {
    return this.call('readTail', name, () => {
      const inode = this.find(name);
      return inode.read(Math.max(0, inode.length - length));
    });
  }

  size(name: string): Promise<number> {
    return this.call('size', name, () => this.find(name).length);
  }

  /** It never fills. */
  space(): Promise<DiskSpace> {
    return Promise.resolve({ freeBytes: 2 ** 50, totalBytes: 2 ** 50 });
  }

  create(name: string, bytes: Uint8Array): Promise<void> {
    const link = (inode: SimInode): void => {
      const [folder, file] = this.locate(name);
      if (folder.visible.has(file)) throw systemError('EEXIST', name);
      change(folder, { kind: 'link', name: file, inode });
    };
    return this.call(
      'create',
      name,
      () => link(SimInode.of(bytes)),
      () => {
        const inode = SimInode.of(new Uint8Array(0));
        link(inode);
        inode.write(0, this.prefix(bytes));
      },
    );
  }

  open(name: string): Promise<DiskFile> {
    return this.call('open', name, () => new SimFile(this, name, this.find(name)));
  }

  rename(from: string, to: string): Promise<void> {
    return this.call('rename', to, () => {
      const inode = this.find(from);
      const [folder, fromFile] = this.locate(from);
      const [toFolder, toFile] = this.locate(to);
      if (folder !== toFolder) throw systemError('EXDEV', to);
      change(folder, { kind: 'rename', from: fromFile, to: toFile, inode });
    });
  }

  unlink(name: string): Promise<void> {
    return this.call('unlink', name, () => {
      this.find(name);
      const [folder, file] = this.locate(name);
      change(folder, { kind: 'unlink', name: file });
    });
  }

  syncDirectory(folder = ''): Promise<void> {
    return this.call('syncDirectory', folder, () => {
      const names = this.folders.get(folder);
      if (!names) throw systemError('ENOENT', folder);
      names.durable = new Map(names.visible);
      names.unsynced = [];
    });
  }

  /**
   * Every call goes through here, those on open files too: it takes a while that the seed decides, so that
   * calls side by side overtake one another, and may be the one that crashes or fails.
   * @param partly what a call that does not come through may leave behind
   */
  async call<T>(
    operation: DiskOperation,
    name: string,
    apply: () => T,
    partly: () => unknown = apply,
  ): Promise<T> {
    await this.pause();
    this.assertAlive();
    this.calls++;
    if (this.calls === this.crashCall) {
      if (this.random.chance(0.5)) attempt(partly);
      this.kill();
    }
    this.assertAlive();
    const code = this.faultOf(operation);
    if (code !== undefined) {
      this.failures++;
      // Too many open files: then the call did nothing.
      if (operation === 'close' || (code !== 'EMFILE' && this.random.chance(0.5))) attempt(partly);
      throw systemError(code, name);
    }
    const result = apply();
    await this.pause();
    this.assertAlive();
    return result;
  }

  prefix(bytes: Uint8Array): Uint8Array {
    return bytes.subarray(0, this.random.below(bytes.byteLength + 1));
  }

  /** Whether the call of this operation is to fail. */
  private faultOf(operation: DiskOperation): DiskFaultCode | undefined {
    if (!this.fault || FAILING[this.fault.code]?.has(operation) === false) return undefined;
    const { call, code, lasting } = this.fault;
    this.faultCalls++;
    return this.faultCalls === call || (lasting && this.faultCalls > call) ? code : undefined;
  }

  private async pause(): Promise<void> {
    for (let turns = this.random.below(3); turns > 0; turns--) await Promise.resolve();
    // Now and then all else that is ready comes first.
    if (this.random.chance(1 / 16)) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  private assertAlive(): void {
    if (this.dead) throw new SimulatedCrash('the power is gone');
  }

  private locate(name: string): [Folder, string] {
    const slash = name.indexOf('/');
    const folder = this.folders.get(name.slice(0, Math.max(0, slash)));
    if (!folder) throw systemError('ENOENT', name);
    return [folder, name.slice(slash + 1)];
  }

  private find(name: string): SimInode {
    const [folder, file] = this.locate(name);
    const inode = folder.visible.get(file);
    if (!inode) throw systemError('ENOENT', name);
    return inode;
  }

  /** A disk of its own with these folders; an inode that had two names has them there too. */
  private derive(
    random: Random,
    inodes: Map<SimInode, SimInode>,
    inodeOf: (inode: SimInode) => SimInode,
    folderOf: (folder: Folder) => Folder,
  ): SimDisk {
    const derived = (inode: SimInode): SimInode => {
      let copy = inodes.get(inode);
      if (!copy) inodes.set(inode, (copy = inodeOf(inode)));
      return copy;
    };
    const names = (from: Names): Names =>
      new Map([...from].map(([name, inode]) => [name, derived(inode)]));
    const disk = new SimDisk(random);
    disk.folders = new Map(
      [...this.folders].map(([name, folder]) => {
        const { durable, visible, unsynced } = folderOf(folder);
        return [
          name,
          {
            durable: names(durable),
            visible: names(visible),
            unsynced: unsynced.map((entry) =>
              entry.kind === 'unlink' ? entry : { ...entry, inode: derived(entry.inode) },
            ),
          },
        ];
      }),
    );
    return disk;
  }
}

class SimFile extends DiskFile {
  private closed = false;

  constructor(
    private readonly disk: SimDisk,
    private readonly name: string,
    private readonly inode: SimInode,
  ) {
    super();
  }

  write(offset: number, bytes: Uint8Array): Promise<void> {
    return this.call(
      'write',
      () => this.inode.write(offset, bytes),
      () => this.inode.write(offset, this.disk.prefix(bytes)),
    );
  }

  async sync(): Promise<void> {
    let synced = false;
    const sync = (): void => {
      this.inode.sync();
      synced = true;
    };
    try {
      await this.call('sync', sync, () => undefined);
    } catch (error) {
      if (!synced && !this.closed && !this.disk.isDead) this.inode.failSync();
      throw error;
    }
  }

  truncate(length: number): Promise<void> {
    return this.call('truncate', () => this.inode.truncate(length));
  }

  close(): Promise<void> {
    return this.call('close', () => {
      this.closed = true;
    });
  }

  private call(
    operation: keyof DiskFile,
    apply: () => void,
    partly: () => void = apply,
  ): Promise<void> {
    if (this.closed) return Promise.reject(systemError('EBADF', this.name));
    return this.disk.call(operation, this.name, apply, partly);
  }
}

function emptyFolder(): Folder {
  return { durable: new Map(), visible: new Map(), unsynced: [] };
}

function change(folder: Folder, entry: NameChange): void {
  applyName(folder.visible, entry);
  folder.unsynced.push(entry);
}

function applyName(names: Names, entry: NameChange): void {
  switch (entry.kind) {
    case 'link':
      names.set(entry.name, entry.inode);
      break;
    case 'unlink':
      names.delete(entry.name);
      break;
    case 'rename':
      names.delete(entry.from);
      names.set(entry.to, entry.inode);
      break;
  }
}

function survivals(random: Random, mode: Exclude<CrashMode, 'process'>): [number, number] {
  switch (mode) {
    case 'nothing':
      return [0, 0];
    case 'all':
      return [1, 1];
    case 'some':
      return [random.pick(SURVIVALS), random.pick(SURVIVALS)];
  }
}

/** What a call that fails leaves behind; that it could not even do that is no news. */
function attempt(task: () => unknown): void {
  try {
    task();
  } catch {
    // The call fails anyway.
  }
}

function systemError(code: string, name: string): Error {
  return Object.assign(new Error(`${code}: simulated, '${name}'`), { code });
}
