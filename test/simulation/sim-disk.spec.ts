// What the simulated disk promises and what it takes back: no more and no less than a real one.

import { describe, expect, it } from 'vitest';
import { Random } from '../support/random.js';
import { SimDisk, SimulatedCrash, type CrashMode } from '../support/sim-disk.js';
import { SECTOR_BYTES } from '../support/sim-inode.js';

const SEEDS = Array.from({ length: 200 }, (_, n) => n);

function newDisk(seed = 1): SimDisk {
  return new SimDisk(new Random(seed));
}

const bytes = (text: string): Uint8Array => Buffer.from(text);

async function texts(disk: SimDisk, folder = ''): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of (await disk.list(folder)).sort()) {
    const path = folder === '' ? name : `${folder}/${name}`;
    found[name] = Buffer.from(await disk.read(path)).toString();
  }
  return found;
}

/** Everything that may be left after a crash of this mode. */
async function outcomes(disk: SimDisk, mode: CrashMode, folder = ''): Promise<Set<string>> {
  const found = new Set<string>();
  for (const seed of SEEDS) {
    const left = disk.crash(new Random(seed), mode);
    found.add(JSON.stringify(await texts(left, folder)));
  }
  return found;
}

const only = (...states: Record<string, string>[]) => new Set(states.map((s) => JSON.stringify(s)));

describe('names on the simulated disk', () => {
  it('are lost with the power before the directory is synced, and never after', async () => {
    const disk = newDisk();
    await disk.create('a', bytes('1'));
    expect(await texts(disk)).toEqual({ a: '1' });
    expect(await outcomes(disk, 'nothing')).toEqual(only({}));
    expect(await outcomes(disk, 'all')).toEqual(only({ a: '1' }));
    expect(await outcomes(disk, 'some')).toEqual(only({}, { a: '1' }));
    await disk.syncDirectory();
    for (const mode of ['nothing', 'all', 'some', 'process'] as const) {
      expect(await outcomes(disk, mode)).toEqual(only({ a: '1' }));
    }
  });

  it('change in one step with a rename, whose target may come through without its source', async () => {
    const disk = newDisk();
    await disk.create('a', bytes('old'));
    await disk.syncDirectory();
    await disk.create('t', bytes('new'));
    await disk.rename('t', 'a');
    expect(await outcomes(disk, 'some')).toEqual(
      only({ a: 'old' }, { a: 'old', t: 'new' }, { a: 'new' }),
    );
  });

  it('are of their folder, which has a sync of its own', async () => {
    const disk = newDisk();
    await disk.makeFolder('wal');
    await disk.create('wal/1', bytes('x'));
    await disk.syncDirectory();
    expect(await outcomes(disk, 'nothing', 'wal')).toEqual(only({}));
    await disk.syncDirectory('wal');
    expect(await outcomes(disk, 'nothing', 'wal')).toEqual(only({ 1: 'x' }));
    expect(await disk.list('elsewhere')).toEqual([]);
    await expect(disk.create('elsewhere/1', bytes('x'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('stay volatile when only the process dies', async () => {
    const disk = newDisk();
    await disk.create('a', bytes('1'));
    const restarted = disk.crash(new Random(1), 'process');
    expect(await texts(restarted)).toEqual({ a: '1' });
    expect(await outcomes(restarted, 'nothing')).toEqual(only({}));
  });

  it('fail as those of the system do', async () => {
    const disk = newDisk();
    await disk.create('a', bytes('1'));
    await expect(disk.create('a', bytes('2'))).rejects.toMatchObject({ code: 'EEXIST' });
    for (const call of [disk.read('b'), disk.open('b'), disk.unlink('b'), disk.rename('b', 'c')]) {
      await expect(call).rejects.toMatchObject({ code: 'ENOENT' });
    }
  });
});

describe('bytes on the simulated disk', () => {
  async function withFile(length: number): Promise<SimDisk> {
    const disk = newDisk();
    await disk.create('a', bytes('.'.repeat(length)));
    await disk.syncDirectory();
    return disk;
  }

  it('are lost with the power before a sync, sector by sector, and never after', async () => {
    const disk = await withFile(2 * SECTOR_BYTES);
    const file = await disk.open('a');
    await file.write(SECTOR_BYTES - 2, bytes('xxxx'));
    const torn = (middle: string) => ({
      a: '.'.repeat(SECTOR_BYTES - 2) + middle + '.'.repeat(SECTOR_BYTES - 2),
    });
    expect(await texts(disk)).toEqual(torn('xxxx'));
    expect(await outcomes(disk, 'nothing')).toEqual(only(torn('....')));
    expect(await outcomes(disk, 'some')).toEqual(
      only(torn('....'), torn('xx..'), torn('..xx'), torn('xxxx')),
    );
    await file.sync();
    expect(await outcomes(disk, 'some')).toEqual(only(torn('xxxx')));
  });

  it('of one sector are as they were at some moment', async () => {
    const disk = await withFile(2);
    const file = await disk.open('a');
    await file.write(0, bytes('1'));
    await file.write(1, bytes('2'));
    expect(await outcomes(disk, 'some')).toEqual(only({ a: '..' }, { a: '1.' }, { a: '12' }));
  });

  it('are cut off durably only by a sync', async () => {
    const disk = await withFile(4);
    const file = await disk.open('a');
    await file.truncate(1);
    expect(await texts(disk)).toEqual({ a: '.' });
    expect(await outcomes(disk, 'some')).toEqual(only({ a: '....' }, { a: '.' }));
    await file.truncate(3);
    await file.sync();
    expect(await outcomes(disk, 'nothing')).toEqual(only({ a: '.\0\0' }));
  });

  it('are given up by a sync that fails: seen, and not brought back by the next one', async () => {
    const disk = await withFile(SECTOR_BYTES + 1);
    const dots = '.'.repeat(SECTOR_BYTES - 1);
    const file = await disk.open('a');
    await file.write(0, bytes('x'));
    disk.failAt({ call: 1, code: 'EIO', lasting: false });
    await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' });
    await file.write(SECTOR_BYTES, bytes('y'));
    await file.sync();
    expect(await texts(disk)).toEqual({ a: `x${dots}y` });
    expect(await outcomes(disk, 'nothing')).toEqual(only({ a: `.${dots}y` }));
    expect(await outcomes(disk, 'all')).toEqual(only({ a: `x${dots}y` }));
  });
});

describe('crashes and faults of the simulated disk', () => {
  it('crashes at the n-th call, reads among them, and does nothing afterwards', async () => {
    const disk = newDisk();
    await disk.create('a', bytes('1'));
    const before = disk.operations;
    disk.crashAt(2);
    await disk.read('a');
    await expect(disk.list()).rejects.toThrow(SimulatedCrash);
    await disk.death;
    expect(disk.isDead).toBe(true);
    await expect(disk.create('b', bytes('2'))).rejects.toThrow(SimulatedCrash);
    expect(disk.operations).toBe(before + 2);
    expect(await texts(disk.crash(new Random(1), 'all'))).toEqual({ a: '1' });
  });

  it('may carry out the call at which it crashes, wholly, in part, or not', async () => {
    const found = new Set<string>();
    for (const seed of SEEDS) {
      const disk = newDisk(seed);
      await disk.create('a', bytes(''));
      await disk.syncDirectory();
      const file = await disk.open('a');
      disk.crashAt(1);
      await expect(file.write(0, bytes('12'))).rejects.toThrow(SimulatedCrash);
      found.add((await texts(disk.crash(new Random(seed), 'all')))['a']!);
    }
    expect(found).toEqual(new Set(['', '1', '12']));
  });

  it('fails once, or from then on, and only calls that can fail so', async () => {
    const disk = newDisk();
    disk.failAt({ call: 2, code: 'ENOSPC', lasting: true });
    await disk.create('a', bytes('1'));
    await expect(disk.create('b', bytes('2'))).rejects.toMatchObject({ code: 'ENOSPC' });
    await expect(disk.create('c', bytes('3'))).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(await disk.size('a')).toBe(1);
    expect(disk.faults).toBe(2);
    disk.heal();
    await disk.create('d', bytes('4'));
    disk.failAt({ call: 1, code: 'EMFILE', lasting: false });
    await expect(disk.create('e', bytes('5'))).rejects.toMatchObject({ code: 'EMFILE' });
    await disk.create('e', bytes('5'));
  });

  it('clones into a disk of its own', async () => {
    const disk = newDisk();
    await disk.create('a', bytes('1'));
    const file = await disk.open('a');
    const clone = disk.clone(new Random(2));
    await file.write(0, bytes('2'));
    await clone.create('b', bytes('3'));
    clone.kill();
    expect(await texts(disk)).toEqual({ a: '2' });
    expect(await texts(clone.crash(new Random(1), 'all'))).toEqual({ a: '1', b: '3' });
  });
});
