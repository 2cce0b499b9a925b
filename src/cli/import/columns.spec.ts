import { describe, expect, it } from 'vitest';
import { readLayout } from './columns.js';
import { guessDelimiter } from './csv-file.js';

describe('the layout of a file', () => {
  it('is long where there are series and values, whatever the case and the separators', () => {
    expect(readLayout(['series', 'date', 'revision_date', 'value'])).toMatchObject({
      form: 'long',
      series: 0,
      date: 1,
      revisionDate: 2,
      value: 3,
    });
    expect(readLayout(['Value', 'Observation Date', 'externalId', 'note'])).toMatchObject({
      form: 'long',
      series: 2,
      date: 1,
      revisionDate: undefined,
      value: 0,
    });
    expect(readLayout(['SERIES_ID', 'time', 'realtime_start', 'obs-value'])).toMatchObject({
      form: 'long',
      revisionDate: 2,
      value: 3,
    });
  });

  it('is wide otherwise, the first column being the dates unless another is named', () => {
    expect(readLayout(['month', 'a', 'b'])).toMatchObject({
      form: 'wide',
      date: 0,
      values: [1, 2],
    });
    expect(readLayout(['', 'a'])).toMatchObject({ date: 0, values: [1] });
    const named = readLayout(['a', 'Day', 'b', 'rejected_because'], { dateColumn: 'day' });
    expect(named).toMatchObject({ form: 'wide', date: 1, values: [0, 2] });
    expect(readLayout(['date', 'series', 'value'], { form: 'wide' })).toMatchObject({
      form: 'wide',
      values: [1, 2],
    });
  });

  it('is long where a column of the long form is named', () => {
    const names = { seriesColumn: 'Country', valueColumn: 'exchange rate' };
    expect(readLayout(['Date', 'Country', 'Exchange rate'], names)).toMatchObject({
      form: 'long',
      series: 1,
      date: 0,
      value: 2,
    });
  });

  it.each([
    [['series', 'value'], {}, /missing here: date/],
    [['date', 'x'], { form: 'long' as const }, /missing here: series, value/],
    [['series', 'date', 'time', 'value'], {}, /2 columns could be the date: "date", "time"/],
    [['day', 'x'], { dateColumn: 'when' }, /no column "when"; there are "day", "x"/],
    [['day', 'vintage', 'x'], {}, /no column of revision dates/],
    [['day', 'x', ''], {}, /column 3 has no name/],
    [['day'], {}, /neither series,date,value nor/],
    [['day', 'x'], { form: 'wide' as const, valueColumn: 'x' }, /the wide form has no columns/],
  ])('is refused for %j with %j', (header, names, message) => {
    expect(() => readLayout(header, names)).toThrow(message);
  });
});

describe('the delimiter', () => {
  it.each([
    ['a,b,c', ','],
    ['a;b;c', ';'],
    ['a\tb', '\t'],
    ['"a,b,c";d', ';'],
    ['a', ','],
  ])('of %j is %j', (header, delimiter) => {
    expect(guessDelimiter(header)).toBe(delimiter);
  });
});
