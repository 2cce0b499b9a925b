import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Uuid } from '../core/uuid.js';
import {
  DELETIONS_FILE,
  IDENTITY_FILE,
  LOCK_FILE,
  parseFileName,
  pointsFile,
  seriesFile,
  SOURCES_FILE,
  temporaryFile,
} from './paths.js';

const ID = Uuid.parse('123e4567-e89b-12d3-a456-426614174000');

describe('a file name', () => {
  it('is built as documented', () => {
    expect(seriesFile(ID)).toBe('series_123e4567-e89b-12d3-a456-426614174000.parquet');
    expect(pointsFile(ID)).toBe('data_points_123e4567-e89b-12d3-a456-426614174000.parquet');
  });

  it('is parsed back to what it was built from, for any UUID', () => {
    fc.assert(
      fc.property(fc.uuid(), (text) => {
        const id = Uuid.parse(text);
        expect(parseFileName(seriesFile(id))).toEqual({ kind: 'series', id });
        expect(parseFileName(pointsFile(id))).toEqual({ kind: 'points', id });
      }),
    );
  });

  it('is known where all series share it', () => {
    expect(parseFileName(SOURCES_FILE)).toEqual({ kind: 'sources' });
    expect(parseFileName(DELETIONS_FILE)).toEqual({ kind: 'deletions' });
    expect(parseFileName(IDENTITY_FILE)).toEqual({ kind: 'identity' });
    expect(parseFileName(LOCK_FILE)).toEqual({ kind: 'lock' });
  });

  it('is temporary where it was made so, and never the same twice', () => {
    const names = [seriesFile(ID), pointsFile(ID), SOURCES_FILE, DELETIONS_FILE, IDENTITY_FILE];
    for (const name of names) {
      expect(parseFileName(temporaryFile(name))).toEqual({ kind: 'temporary' });
    }
    expect(temporaryFile(SOURCES_FILE)).not.toBe(temporaryFile(SOURCES_FILE));
  });

  it.each([
    '',
    'notes.txt',
    'notes.txt.tmp',
    'report.tmp',
    // Somebody else's temporary file in our own form is not removed either.
    'report.xlsx.0123456789ab.tmp',
    `${seriesFile(ID)}.tmp`,
    `${seriesFile(ID)}.0123456789AB.tmp`,
    `${seriesFile(ID)}.bak`,
    seriesFile(ID).toUpperCase(),
    'series_.parquet',
    'series_123e4567-e89b-12d3-a456-42661417400.parquet',
    'series_123e4567-e89b-12d3-a456-4266141740000.parquet',
    'series_123e4567e89b12d3a456426614174000----.parquet',
    'series_../../../../../../../../etc/passwd..parquet',
    'data_points_../123e4567-e89b-12d3-a456-426614174000.parquet',
    `../${seriesFile(ID)}`,
    `${seriesFile(ID)}\n`,
    `x${seriesFile(ID)}`,
    'data_points_zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz.parquet',
  ])('is foreign where it is not of ours: %j', (name) => {
    expect(parseFileName(name)).toEqual({ kind: 'foreign' });
  });
});
