// How the log fails. A caller that gets any other error of an append may take it that nothing was stored.

/** What the log held cannot all be read, and it is not just a last write that was never acknowledged. */
export class LogDamagedError extends Error {
  override readonly name = 'LogDamagedError';

  constructor(
    readonly file: string,
    /** The first byte that cannot be read. */
    readonly offset: number,
    /** What is wrong there, without the file and the advice that the message has. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `The write-ahead log is damaged in ${file} at byte ${offset}: ${reason}. Restore it from a backup, ` +
        'or run "econ-graph-financial-data salvage-log" to keep what can still be read',
      options,
    );
  }
}

/** The frame may be durable or not; the next start finds out. The log takes no more frames. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
}

/** An earlier failure left nobody knowing what is durable; nothing of this call was written. */
export class LogPoisonedError extends Error {
  override readonly name = 'LogPoisonedError';
}
