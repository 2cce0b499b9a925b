// Which system call ends the next process: every write-side call in turn, at its first, second, third ...
// occurrence, until a process lives through; then from the first again.

const CALLS = [
  'pwrite64',
  'write',
  'fsync',
  'fdatasync',
  'rename',
  'renameat',
  'renameat2',
  'unlink',
  'unlinkat',
  'ftruncate',
  'openat',
  'link',
  'fallocate',
  'mkdir',
];

/** Every occurrence up to this one, then larger and larger steps: the sweep must come to its end. */
const EVERY_ONE_UNTIL = 24;

/** Turns that a call which did not occur at all stays away; at most, as they double. */
const TURNS_AWAY_MAX = 64;

export class SystemCallSweep {
  #random;
  #turn = 0;
  #states = CALLS.map((call) => ({ call, when: 1, away: 0, turnsAway: 4, kills: 0, highest: 0 }));

  constructor(random) {
    this.#random = random;
  }

  /** @returns the target: give it back to `report` */
  next() {
    for (;;) {
      const state = this.#states[this.#turn++ % this.#states.length];
      if (state.away === 0) return { state, call: state.call, when: state.when };
      state.away--;
    }
  }

  report({ state, when }, hasDied) {
    if (hasDied) {
      state.kills++;
      state.highest = Math.max(state.highest, when);
      state.turnsAway = 4;
      const step = when < EVERY_ONE_UNTIL ? 1 : this.#random.integer(1, Math.ceil(when / 4));
      // Two processes may have been given the same target.
      state.when = Math.max(state.when, when + step);
      return;
    }
    if (when === 1) {
      state.away = state.turnsAway;
      state.turnsAway = Math.min(TURNS_AWAY_MAX, state.turnsAway * 2);
    }
    state.when = 1;
  }

  /** For example `fsync 14 (up to the 31st)`. */
  summary() {
    return this.#states
      .filter(({ kills }) => kills > 0)
      .map(({ call, kills, highest }) => `${call} ${kills} (when <= ${highest})`)
      .join(', ');
  }
}
