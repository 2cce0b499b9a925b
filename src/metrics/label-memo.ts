// Children of metrics by their label values, each made when it is first asked for. prom-client looks labels up by a text
// that it makes of them; what is counted 30,000 times a second is looked up by the values themselves.

/** By three label values; callers see to it that these are few, because nothing is ever forgotten. */
export class LabelMemo<A, B, C, T extends object> {
  private readonly made = new Map<A, Map<B, Map<C, T>>>();

  constructor(private readonly make: (a: A, b: B, c: C) => T) {}

  /** Undefined where it was not made yet. */
  known(a: A, b: B, c: C): T | undefined {
    return this.made.get(a)?.get(b)?.get(c);
  }

  of(a: A, b: B, c: C): T {
    return this.known(a, b, c) ?? this.add(a, b, c);
  }

  private add(a: A, b: B, c: C): T {
    const ofA = this.made.get(a) ?? new Map<B, Map<C, T>>();
    const ofB = ofA.get(b) ?? new Map<C, T>();
    const made = this.make(a, b, c);
    this.made.set(a, ofA.set(b, ofB.set(c, made)));
    return made;
  }
}
