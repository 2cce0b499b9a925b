// Lists that answer questions without an object per element. graphql-js, which wants objects, iterates over
// them; whoever writes answers itself takes what it needs by index.

/** A list whose elements are made when they are looked at, and the same every time. */
export abstract class LazyList<T> implements Iterable<T> {
  constructor(readonly length: number) {}

  /** @param index from 0 to `length - 1` */
  abstract at(index: number): T;

  *[Symbol.iterator](): Iterator<T> {
    for (let index = 0; index < this.length; index++) yield this.at(index);
  }
}

/** Values of one column. */
export class ColumnList<T> extends LazyList<T> {
  constructor(
    length: number,
    readonly at: (index: number) => T,
  ) {
    super(length);
  }
}

/** Records that lie in columns. */
export abstract class RecordList<T> extends LazyList<T> {
  /** What a field of the records has at an index; undefined where only the record itself can tell. */
  abstract column(field: string): ((index: number) => unknown) | undefined;
}
