import { describe, expect, it } from 'vitest';
import { KeyedLock } from './keyed-lock.js';

/** A task that runs until the test lets it go. */
function gate() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

/** Lets everything run that can run now. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a keyed lock', () => {
  it('runs the holders of one name one after the other, in the order they asked', async () => {
    const lock = new KeyedLock();
    const events: string[] = [];
    const run = (name: string) =>
      lock.run(['a'], async () => {
        events.push(`${name} starts`);
        await settle();
        events.push(`${name} ends`);
      });
    await Promise.all([run('first'), run('second'), run('third')]);
    expect(events).toEqual(
      ['first', 'second', 'third'].flatMap((name) => [`${name} starts`, `${name} ends`]),
    );
  });

  it('runs holders of different names side by side', async () => {
    const lock = new KeyedLock();
    const { open, opened } = gate();
    const first = lock.run(['a'], () => opened);
    await lock.run(['b'], async () => undefined);
    open();
    await first;
  });

  it('waits for every one of several names', async () => {
    const lock = new KeyedLock();
    const [a, b] = [gate(), gate()];
    const holders = [lock.run(['a'], () => a.opened), lock.run(['b'], () => b.opened)];
    let ran = false;
    const both = lock.run(['b', 'a'], async () => {
      ran = true;
    });
    a.open();
    await settle();
    expect(ran).toBe(false);
    b.open();
    await both;
    expect(ran).toBe(true);
    await Promise.all(holders);
  });

  it('does not let callers wait for each other who name the same in another order', async () => {
    const lock = new KeyedLock();
    const done = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        lock.run(n % 2 ? ['a', 'b', 'c'] : ['c', 'b', 'a'], async () => {
          await settle();
          return n;
        }),
      ),
    );
    expect(done).toHaveLength(20);
  });

  it('takes a name once that is given twice, and takes no name at all', async () => {
    const lock = new KeyedLock();
    expect(await lock.run(['a', 'a'], async () => 1)).toBe(1);
    expect(await lock.run([], async () => 2)).toBe(2);
  });

  it('is free again after a task that failed, and passes its failure on', async () => {
    const lock = new KeyedLock();
    const failed = lock.run(['a', 'b'], () => Promise.reject(new Error('broken')));
    await expect(failed).rejects.toThrow('broken');
    expect(await lock.run(['b', 'a'], async () => 'free')).toBe('free');
  });
});
