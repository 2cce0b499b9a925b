// Which vintages of a series were published, and of which dates each of them spoke. A vintage that repeats
// a value stores no row; but when an older vintage with another value comes in later, the repeated value
// has to be there again on the day that repeated it, and this tells where.

import type { CalendarDate, DateRange } from '../../core/calendar-date.js';

/** What one vintage spoke of. */
export interface Publication {
  readonly kind: 'published';
  readonly revisionDate: CalendarDate;
  /** A complete vintage speaks of every date: what it leaves out, it withdraws. */
  readonly isComplete: boolean;
  /** Days since 1970-01-01, ascending, distinct; empty where the vintage is complete. */
  readonly dates: Int32Array;
}

/** Nothing is known any more of what vintages from `from` to `to` said of a date: it was deleted. */
export interface Retraction {
  readonly kind: 'retracted';
  readonly date: CalendarDate;
  readonly from: CalendarDate;
  readonly to: CalendarDate;
}

export type VintageChange = Publication | Retraction;

/** Every vintage from `from` to `to`, both among those published, speaks of a date. */
interface Span {
  from: number;
  to: number;
}

/** In memory: numbers in a list and a set, an entry of a map with its list, an object. */
const DAY_BYTES = 40;
const DATE_BYTES = 120;
const SPAN_BYTES = 40;

/**
 * A set of pairs (vintage, date), as spans of vintages by date: successive vintages mostly speak of the same
 * dates.
 */
export class PublishedVintages {
  /** Ascending. */
  private readonly days: number[] = [];
  private readonly complete = new Set<number>();
  /** Ascending and apart; a complete vintage may lie in a span or not. */
  private readonly spans = new Map<number, Span[]>();

  get size(): number {
    return this.days.length;
  }

  isPublished(day: number): boolean {
    return this.days[this.indexFrom(day)] === day;
  }

  isComplete(day: number): boolean {
    return this.complete.has(day);
  }

  speaksOf(day: number, date: number): boolean {
    if (this.complete.has(day)) return true;
    return this.spans.get(date)?.some(({ from, to }) => from <= day && day <= to) ?? false;
  }

  /** The first vintage after a day that speaks of a date. */
  nextSpeaking(day: number, date: number): number | undefined {
    const span = this.spans.get(date)?.find(({ to }) => to > day);
    // Inside a span every vintage speaks, so it is the next one.
    const inSpan = span && (span.from > day ? span.from : this.days[this.indexFrom(day + 1)]!);
    const complete = this.nextComplete(day);
    return complete === undefined || (inSpan !== undefined && inSpan < complete)
      ? inSpan
      : complete;
  }

  nextComplete(day: number): number | undefined {
    if (this.complete.size === 0) return undefined;
    for (let index = this.indexFrom(day + 1); index < this.days.length; index++) {
      if (this.complete.has(this.days[index]!)) return this.days[index]!;
    }
    return undefined;
  }

  /** Changes this set, in the order of the changes. */
  apply(changes: readonly VintageChange[]): this {
    for (const change of changes) {
      if (change.kind === 'published') this.add(change);
      else this.retract(change);
    }
    return this;
  }

  /**
   * The vintages that speak of a date of a range, ascending; complete ones speak of every date. One that is known by its
   * rows alone may be missing.
   */
  daysIn({ start, end }: DateRange): CalendarDate[] {
    // How many more spans begin than end there.
    const steps = new Int32Array(this.days.length + 1);
    for (const [date, spans] of this.spans) {
      if (date < (start ?? -Infinity) || date > (end ?? Infinity)) continue;
      for (const { from, to } of spans) {
        steps[this.indexFrom(from)]!++;
        steps[this.indexFrom(to) + 1]!--;
      }
    }
    let open = 0;
    return this.days.filter((day, index) => {
      open += steps[index]!;
      return open > 0 || this.complete.has(day);
    }) as CalendarDate[];
  }

  /** About what it occupies. */
  get bytes(): number {
    let spans = 0;
    for (const ofDate of this.spans.values()) spans += ofDate.length;
    return this.days.length * DAY_BYTES + this.spans.size * DATE_BYTES + spans * SPAN_BYTES;
  }

  add({ revisionDate, isComplete, dates }: Omit<Publication, 'kind'>): void {
    const isNew = !this.isPublished(revisionDate);
    if (isNew) this.days.splice(this.indexFrom(revisionDate), 0, revisionDate);
    if (isComplete) this.complete.add(revisionDate);
    if (this.complete.has(revisionDate)) return;
    if (isNew) this.split(revisionDate, dates);
    for (const date of dates) this.extend(date, revisionDate);
  }

  addSpan(date: number, from: number, to: number): void {
    const spans = this.spans.get(date);
    if (spans) spans.push({ from, to });
    else this.spans.set(date, [{ from, to }]);
  }

  *vintages(): Iterable<{ readonly day: number; readonly isComplete: boolean }> {
    for (const day of this.days) yield { day, isComplete: this.complete.has(day) };
  }

  /** Ascending by date, then by vintage. */
  *allSpans(): Iterable<{ readonly date: number; readonly from: number; readonly to: number }> {
    for (const date of [...this.spans.keys()].sort((a, b) => a - b)) {
      for (const { from, to } of this.spans.get(date)!) yield { date, from, to };
    }
  }

  /** Of the first vintage on or after a day; the number of vintages where there is none. */
  indexFrom(day: number): number {
    let low = 0;
    let high = this.days.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.days[middle]! < day) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * A complete vintage goes on speaking of every date: it repeats the value before, and says that there is none where no
   * earlier row is left.
   */
  private retract({ date, from, to }: Retraction): void {
    const before = this.days[this.indexFrom(from) - 1];
    const after = this.days[this.indexFrom(to + 1)];
    const left: Span[] = [];
    for (const span of this.spans.get(date) ?? []) {
      if (span.to < from || span.from > to) left.push(span);
      if (span.from < from && span.to >= from) left.push({ from: span.from, to: before! });
      if (span.to > to && span.from <= to) left.push({ from: after!, to: span.to });
    }
    if (left.length === 0) this.spans.delete(date);
    else this.spans.set(date, left);
  }

  /** A vintage came to stand inside spans of dates of which it does not speak. */
  private split(day: number, spoken: Int32Array): void {
    const isSpoken = new Set(spoken);
    const index = this.indexFrom(day);
    const before = this.days[index - 1];
    const after = this.days[index + 1];
    if (before === undefined || after === undefined) return;
    for (const [date, spans] of this.spans) {
      if (isSpoken.has(date)) continue;
      const at = spans.findIndex(({ from, to }) => from < day && day < to);
      if (at < 0) continue;
      const { from, to } = spans[at]!;
      spans.splice(at, 1, { from, to: before }, { from: after, to });
    }
  }

  private extend(date: number, day: number): void {
    let spans = this.spans.get(date);
    if (!spans) this.spans.set(date, (spans = []));
    const at = spans.findIndex(({ to }) => to >= day);
    const next = at < 0 ? undefined : spans[at]!;
    if (next && next.from <= day) return;
    const previous = at < 0 ? spans.at(-1) : spans[at - 1];
    const index = this.indexFrom(day);
    const joinsPrevious =
      previous !== undefined && this.onlyCompleteBetween(previous.to, index, -1);
    const joinsNext = next !== undefined && this.onlyCompleteBetween(next.from, index, 1);
    if (joinsPrevious && joinsNext) {
      previous.to = next.to;
      spans.splice(at, 1);
    } else if (joinsPrevious) {
      previous.to = day;
    } else if (joinsNext) {
      next.from = day;
    } else {
      spans.splice(at < 0 ? spans.length : at, 0, { from: day, to: day });
    }
  }

  /** Complete vintages speak of every date, so they do not part two spans. */
  private onlyCompleteBetween(day: number, index: number, step: 1 | -1): boolean {
    let at = index + step;
    while (this.days[at] !== day && this.complete.has(this.days[at] ?? NaN)) at += step;
    return this.days[at] === day;
  }
}
