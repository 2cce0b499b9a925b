// Answers in order, some of them asked for ahead: while one is being sent, the next files are read.

export interface ReadAheadLimits {
  /** Most reads at once. */
  readonly reads: number;
  /** Most cost of the reads at once; one that costs more goes alone. */
  readonly cost: number;
}

/** The reads that nobody waits for any more may fail: whoever stops listening has another reason. */
export async function* readAhead<Item, Result>(
  items: Iterable<Item>,
  costOf: (item: Item) => number,
  read: (item: Item) => Promise<Result>,
  limits: ReadAheadLimits,
): AsyncGenerator<Result> {
  const begun: { readonly result: Promise<Result>; readonly cost: number }[] = [];
  let cost = 0;
  for (const item of items) {
    const own = costOf(item);
    while (begun.length > 0 && (begun.length >= limits.reads || cost + own > limits.cost)) {
      const next = begun.shift()!;
      yield await next.result;
      cost -= next.cost;
    }
    const result = read(item);
    result.catch(() => undefined);
    begun.push({ result, cost: own });
    cost += own;
  }
  for (const { result } of begun) yield await result;
}
