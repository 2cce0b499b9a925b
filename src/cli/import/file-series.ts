// The series of one file: how they are called there, under which external id they are stored, and what
// is learnt of each while the file is checked.

import { InputError } from './faults.js';
import { DateSpacing } from './frequency-guess.js';
import { KeyOrder } from './repeated-keys.js';

const ILLEGAL = /[^A-Za-z0-9_\-./:]/g;
const EXTERNAL_ID_CHARACTERS_MAX = 100;

export class FileSeries {
  /** Values found, missing ones of the long form among them. */
  observations = 0;
  readonly spacing = new DateSpacing();
  readonly order = new KeyOrder();

  constructor(
    readonly index: number,
    readonly externalId: string,
    /** As the file calls it. */
    readonly name: string,
  ) {}
}

/** The external id that stands for a name: every character that none may have becomes `_`. */
export function externalIdOf(name: string): string {
  return name.replaceAll(ILLEGAL, '_');
}

export class FileSeriesTable {
  private readonly byName = new Map<string, FileSeries>();
  private readonly byExternalId = new Map<string, FileSeries>();
  private readonly list: FileSeries[] = [];

  get all(): readonly FileSeries[] {
    return this.list;
  }

  /**
   * The series of that name; a new one where it was not seen before.
   * @throws InputError where the name is empty, too long, or gives the external id of another one
   */
  resolve(name: string): FileSeries {
    const known = this.byName.get(name);
    if (known) return known;
    const externalId = externalIdOf(name);
    if (name === '' || name.length > EXTERNAL_ID_CHARACTERS_MAX) {
      throw new InputError(
        `a series has a name of 1 to ${EXTERNAL_ID_CHARACTERS_MAX} characters, received ${name.length}`,
      );
    }
    if (name.includes('\uFFFD')) throw new InputError('the name of the series is not UTF-8');
    const other = this.byExternalId.get(externalId);
    if (other) {
      throw new InputError(
        `${JSON.stringify(name)} and ${JSON.stringify(other.name)} would both be stored as ${externalId}`,
      );
    }
    const series = new FileSeries(this.list.length, externalId, name);
    this.byName.set(name, series);
    this.byExternalId.set(externalId, series);
    this.list.push(series);
    return series;
  }
}
