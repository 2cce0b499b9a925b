// What the dates of a series say about its frequency, in a few numbers however many dates there are.

import { CalendarDate } from '../../core/calendar-date.js';
import type { Frequency } from '../../series/vocabulary.js';
import type { PeriodForm } from './period-date.js';

const FREQUENCY_OF_FORM: Readonly<Record<Exclude<PeriodForm, 'day'>, Frequency>> = {
  year: 'annual',
  half: 'semiannual',
  quarter: 'quarterly',
  month: 'monthly',
  week: 'weekly',
};

/** Daily data skips weekends and holidays: Thursday to Tuesday is the longest usual gap. */
const DAILY_STEP_MAX = 5;

export class DateSpacing {
  private form: PeriodForm | 'mixed' | undefined;
  private first: CalendarDate | undefined;
  private last: CalendarDate | undefined;
  private previous: CalendarDate | undefined;
  /** The day of the month that all dates share; 31 for its end. */
  private dayOfMonth: number | 'mixed' = 'mixed';
  private previousMonths = 0;
  /** Months between the dates are multiples of this. */
  private monthStep = 0;
  /** Days between the dates are multiples of this. */
  private dayStep = 0;
  private shortestStep = Infinity;
  private steps = 0;
  private shortSteps = 0;

  get firstDate(): CalendarDate | undefined {
    return this.first;
  }

  get lastDate(): CalendarDate | undefined {
    return this.last;
  }

  /** In any order; a date may come again, as it does with every revision. */
  add(date: CalendarDate, form: PeriodForm): void {
    this.form ??= form;
    if (this.form !== form) this.form = 'mixed';
    if (date === this.previous) return;
    const { year, month, day } = CalendarDate.parts(date);
    const isLastOfMonth = CalendarDate.parts((date + 1) as CalendarDate).day === 1;
    const dayOfMonth = isLastOfMonth ? 31 : day;
    const months = year * 12 + month;
    if (this.previous === undefined) this.dayOfMonth = dayOfMonth;
    else this.addStep(Math.abs(date - this.previous), Math.abs(months - this.previousMonths));
    if (this.dayOfMonth !== dayOfMonth) this.dayOfMonth = 'mixed';
    if (this.first === undefined || date < this.first) this.first = date;
    if (this.last === undefined || date > this.last) this.last = date;
    this.previous = date;
    this.previousMonths = months;
  }

  /** `irregular` where the dates do not say, as a single day does not. */
  guess(): Frequency {
    if (this.form === undefined || this.form === 'mixed') return 'irregular';
    if (this.form !== 'day') return FREQUENCY_OF_FORM[this.form];
    if (this.steps === 0) return 'irregular';
    // Gaps are multiples of the period, so they do not disturb what follows.
    if (this.dayOfMonth !== 'mixed') return this.guessByMonths();
    if (this.dayStep % 7 === 0 && this.shortestStep <= 14) {
      return this.shortestStep === 7 ? 'weekly' : 'biweekly';
    }
    if (this.shortSteps * 2 > this.steps) return 'daily';
    return this.guessByShortestStep();
  }

  private addStep(days: number, months: number): void {
    this.steps++;
    if (days <= DAILY_STEP_MAX) this.shortSteps++;
    this.shortestStep = Math.min(this.shortestStep, days);
    this.dayStep = greatestCommonDivisor(this.dayStep, days);
    this.monthStep = greatestCommonDivisor(this.monthStep, months);
  }

  private guessByMonths(): Frequency {
    if (this.monthStep % 12 === 0) return 'annual';
    if (this.monthStep % 6 === 0) return 'semiannual';
    return this.monthStep % 3 === 0 ? 'quarterly' : 'monthly';
  }

  /** Dates such as the last working day or the third Wednesday of each period. */
  private guessByShortestStep(): Frequency {
    const months = this.shortestStep / 30.4;
    if (months > 0.8 && months < 1.2) return 'monthly';
    return months > 2.8 && months < 3.2 ? 'quarterly' : 'irregular';
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
