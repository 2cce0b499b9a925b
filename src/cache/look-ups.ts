// What look-ups in the shared cache may cost those who make them together, in the same breath: one deadline for all
// of them, and no more bytes than arrive before it.

/**
 * A request may ask twice in a row, for its answer and then, all at once, for its batches; together that must
 * stay within the 50 ms that Redis may cost. A server that is well answers in less than 1 ms.
 */
export const ANSWER_MILLISECONDS = 25;

/** Later ones are not made: what is left of the time must be enough for a server that is well. */
const ASKING_MILLISECONDS = 10;

/** Arrive in 10 to 15 ms on a busy machine. */
const BYTES_MAX = 6_291_456;

/** Sending a command and reading its answer takes as long as receiving so much: some 20 µs. */
const OVERHEAD_BYTES = 12_288;

export class LookUps {
  private readonly began = performance.now();
  private bytesLeft = BYTES_MAX;

  /** How much longer an answer is waited for. */
  get millisecondsLeft(): number {
    return this.began + ANSWER_MILLISECONDS - performance.now();
  }

  /**
   * Whether one more may be made.
   * @param bytes of the value, about
   */
  take(bytes: number): boolean {
    const cost = bytes + OVERHEAD_BYTES;
    if (cost > this.bytesLeft || performance.now() - this.began > ASKING_MILLISECONDS) return false;
    this.bytesLeft -= cost;
    return true;
  }
}
