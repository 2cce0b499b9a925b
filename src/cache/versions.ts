import type { Uuid } from '../core/uuid.js';

/** Changes whenever what is stored of a series does; it means something within this process only. */
export interface SeriesVersion {
  /** Of the metadata, and of what is quarantined; -1 where there is no such series. */
  readonly row: number;
  /** The instant of the last commit that touched the points; null where none ever did. */
  readonly points: number | null;
}

/**
 * Tells whether what was read a while ago would be read again today. Numbers change with the commit, in the
 * same step in which readers begin to see it, and mean something within this process only.
 */
export abstract class Versions {
  /** Changes with everything. */
  abstract get everything(): number;
  /** Changes with the metadata of any series, with the list of them, and with the sources. */
  abstract get catalogue(): number;
  /** Changes with the metadata and the points of one series, which need not be there. */
  abstract series(id: Uuid): SeriesVersion;
}
