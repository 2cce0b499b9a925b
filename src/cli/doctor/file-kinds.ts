import { parseFileName, type ParsedName } from '../../storage/paths.js';

/** What a file of the data directory is, in the words of the page. */
export const FILE_KINDS = {
  points: 'points files',
  series: 'metadata files',
  shared: 'files of all series',
  log: 'log segments',
  checkpoint: 'checkpoint',
  damaged: 'damaged log segments',
  temporary: 'temporary files',
  foreign: 'other files',
} as const;

export type FileKind = keyof typeof FILE_KINDS;

const KIND_OF: Record<ParsedName['kind'], FileKind> = {
  points: 'points',
  series: 'series',
  sources: 'shared',
  deletions: 'shared',
  identity: 'shared',
  lock: 'shared',
  log: 'log',
  checkpoint: 'checkpoint',
  'damaged-log': 'damaged',
  temporary: 'temporary',
  foreign: 'foreign',
};

/** @param name with its folder, as in `storage/paths.ts` */
export function kindOf(name: string): FileKind {
  return KIND_OF[parseFileName(name).kind];
}
