import { describe, expect, it } from 'vitest';
import { Disk } from './disk.js';
import { replaceFiles, UndoFailedError } from './replace-files.js';

/** Names and contents in memory; `failOn` makes calls fail, before or after they did their work. */
class MemoryDisk extends Disk {
  readonly files = new Map<string, Uint8Array>();
  readonly calls: string[] = [];
  failOn: (call: string) => 'before' | 'after' | undefined = () => undefined;
  corrupt = false;

  constructor(files: Record<string, string> = {}) {
    super();
    for (const [name, text] of Object.entries(files)) this.files.set(name, Buffer.from(text));
  }

  get contents(): Record<string, string> {
    const entries = [...this.files].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]);
    return Object.fromEntries(entries) as Record<string, string>;
  }

  async exists(name: string): Promise<boolean> {
    return this.files.has(name);
  }

  async list(): Promise<string[]> {
    return [...this.files.keys()];
  }

  async read(name: string): Promise<Uint8Array> {
    return this.call(`read ${name}`, () => {
      const bytes = Buffer.from(this.existing(name));
      if (this.corrupt && bytes.length > 0) bytes[0]! ^= 1;
      return bytes;
    });
  }

  async readTail(name: string, length: number): Promise<Uint8Array> {
    return this.existing(name).subarray(-length);
  }

  async size(name: string): Promise<number> {
    return this.existing(name).byteLength;
  }

  async create(name: string, bytes: Uint8Array): Promise<void> {
    this.call(`create ${name}`, () => {
      if (this.files.has(name)) throw systemError('EEXIST');
      this.files.set(name, bytes);
    });
  }

  async rename(from: string, to: string): Promise<void> {
    this.call(`rename ${from} ${to}`, () => {
      const bytes = this.existing(from);
      // As POSIX has it: of two names of one file, neither goes.
      if (this.files.get(to) === bytes) return;
      this.files.set(to, bytes);
      this.files.delete(from);
    });
  }

  async link(existing: string, name: string): Promise<void> {
    this.call(`link ${existing} ${name}`, () => this.files.set(name, this.existing(existing)));
  }

  async unlink(name: string): Promise<void> {
    this.call(`unlink ${name}`, () => {
      this.existing(name);
      this.files.delete(name);
    });
  }

  async syncDirectory(): Promise<void> {
    this.call('sync', () => undefined);
  }

  private existing(name: string): Uint8Array {
    const bytes = this.files.get(name);
    if (!bytes) throw systemError('ENOENT');
    return bytes;
  }

  private call<T>(call: string, work: () => T): T {
    this.calls.push(call);
    const failure = this.failOn(call);
    if (failure === 'before') throw systemError('EIO');
    if (failure === undefined) return work();
    try {
      work();
    } catch {
      // It fails either way.
    }
    throw systemError('EIO');
  }
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

const CHANGES = [
  { name: 'old', bytes: Buffer.from('new content') },
  { name: 'gone', bytes: null },
  { name: 'added', bytes: Buffer.from('added content') },
  { name: 'never-there', bytes: null },
];

function fullDisk(): MemoryDisk {
  return new MemoryDisk({ old: 'old content', gone: 'gone content', other: 'other content' });
}

describe('replacing several files', () => {
  it('puts, replaces and removes them, and leaves nothing else behind', async () => {
    const disk = fullDisk();
    await replaceFiles(disk, CHANGES);
    expect(disk.contents).toEqual({
      old: 'new content',
      added: 'added content',
      other: 'other content',
    });
  });

  it('moves no name before every new file is written and read back, and syncs the names last', async () => {
    const disk = fullDisk();
    await replaceFiles(disk, CHANGES);
    const kinds = disk.calls.map((call) => call.split(' ')[0]);
    const firstRename = kinds.indexOf('rename');
    expect(kinds.slice(0, firstRename).filter((kind) => kind === 'create')).toHaveLength(2);
    expect(kinds.slice(0, firstRename).filter((kind) => kind === 'read')).toHaveLength(2);
    expect(kinds.slice(firstRename)).not.toContain('create');
    expect(kinds.indexOf('sync')).toBeGreaterThan(kinds.lastIndexOf('rename'));
  });

  it('applies the changes in their order', async () => {
    const disk = new MemoryDisk();
    const names = Array.from({ length: 40 }, (_, n) => `file${n}`);
    await replaceFiles(
      disk,
      names.map((name) => ({ name, bytes: Buffer.from(name) })),
    );
    const renamed = disk.calls.filter((call) => call.startsWith('rename'));
    expect(renamed.map((call) => call.split(' ')[2])).toEqual(names);
  });

  it.each(['before', 'after'] as const)(
    'leaves every name as it was when any one call fails %s it did its work',
    async (when) => {
      const rehearsal = fullDisk();
      await replaceFiles(rehearsal, CHANGES);
      // The last calls remove the second names of the old files: by then everything is done.
      const decisive = rehearsal.calls.indexOf('sync') + 1;
      for (let failing = 1; failing <= decisive; failing++) {
        const disk = fullDisk();
        let count = 0;
        disk.failOn = () => (++count === failing ? when : undefined);
        await expect(replaceFiles(disk, CHANGES)).rejects.toThrow('EIO');
        const { old, gone, other, ...rest } = disk.contents;
        expect({ old, gone, other }, `call ${failing}: ${disk.calls[failing - 1]}`).toEqual(
          fullDisk().contents,
        );
        expect(Object.keys(rest).filter((name) => !name.endsWith('.tmp'))).toEqual([]);
      }
    },
  );

  it('is done where only the removal of the old files fails', async () => {
    const disk = fullDisk();
    disk.failOn = (call) => (/^unlink .*\.tmp$/.test(call) ? 'before' : undefined);
    await replaceFiles(disk, CHANGES);
    expect(disk.contents).toMatchObject({ old: 'new content', added: 'added content' });
  });

  it('refuses a file that reads back differently', async () => {
    const disk = fullDisk();
    disk.corrupt = true;
    await expect(replaceFiles(disk, CHANGES)).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
    disk.corrupt = false;
    expect(disk.contents).toEqual(fullDisk().contents);
  });

  it('says so where a failed change cannot be undone either', async () => {
    const disk = fullDisk();
    let broken = false;
    disk.failOn = (call) => {
      broken ||= call.startsWith('rename') && call.endsWith(' added');
      return broken ? 'before' : undefined;
    };
    await expect(replaceFiles(disk, CHANGES)).rejects.toThrow(UndoFailedError);
  });
});
