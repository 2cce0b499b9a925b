// The options of `import`, from text to values that cannot be wrong.

import { validateSync } from 'class-validator';
import { CalendarDate } from '../../core/calendar-date.js';
import type { Clock } from '../../core/clock.js';
import { CreateSourceInput } from '../../series/source.model.js';
import { parseFrequency } from '../../series/vocabulary.js';
import type { Form } from './columns.js';
import { compileDateFormat } from './date-format.js';
import { InputError } from './faults.js';
import { parsePeriod } from './period-date.js';
import { ISO_DATE_FORMS } from './record-parser.js';
import type { ScanOptions } from './scan.js';

/** The options of the command line, as they were written. */
export interface ImportOptions {
  readonly source?: string;
  readonly sourceUrl?: string;
  readonly seriesFile?: string;
  readonly frequency?: string;
  readonly revisionDate?: string;
  readonly form?: Form;
  readonly delimiter?: string;
  readonly dateFormat?: string;
  readonly dateColumn?: string;
  readonly seriesColumn?: string;
  readonly revisionDateColumn?: string;
  readonly valueColumn?: string;
  readonly vintages?: boolean;
  readonly complete?: boolean;
  readonly skipBadLines?: boolean;
  readonly dryRun?: boolean;
  readonly url?: string;
}

/** @throws InputError, AppError VALIDATION_ERROR naming the option at fault */
export function readOptions(options: ImportOptions, clock: Clock): ScanOptions {
  const today = clock.today();
  const revisionDate =
    options.revisionDate === undefined
      ? today
      : CalendarDate.parse(options.revisionDate, '--revision-date');
  if (revisionDate > today + 1) {
    throw new InputError('--revision-date must not be after tomorrow in UTC');
  }
  if (options.complete && !options.vintages) {
    throw new InputError('--complete is for vintages: give --vintages, too');
  }
  if (options.complete && options.skipBadLines) {
    throw new InputError(
      '--complete and --skip-bad-lines: the dates of the lines left out would be withdrawn',
    );
  }
  if (options.frequency !== undefined) parseFrequency(options.frequency, '--frequency');
  const delimiter = options.delimiter?.replace(/^(\\t|tab)$/i, '\t');
  if (delimiter !== undefined && (delimiter.length !== 1 || /["\r\n]/.test(delimiter))) {
    throw new InputError(
      `--delimiter: received ${JSON.stringify(delimiter)}, allowed is one character, or tab`,
    );
  }
  const { form, dateColumn, seriesColumn, revisionDateColumn, valueColumn, dateFormat } = options;
  return {
    columns: { form, dateColumn, seriesColumn, revisionDateColumn, valueColumn },
    delimiter,
    rules: {
      readPeriod: dateFormat === undefined ? parsePeriod : compileDateFormat(dateFormat),
      dateForms: dateFormat ?? ISO_DATE_FORMS,
      revisionDate,
      revisionDateMax: (today + 1) as CalendarDate,
    },
  };
}

/** @throws InputError where no source could have that name or address */
export function checkSource(name: string, url: string | undefined): void {
  const input = Object.assign(new CreateSourceInput(), { name, url });
  const [fault] = validateSync(input);
  if (!fault) return;
  const option = fault.property === 'url' ? '--source-url' : '--source';
  throw new InputError(`${option}: ${Object.values(fault.constraints ?? {}).join('; ')}`);
}
