import type { Uuid } from '../../core/uuid.js';
import type { Disk } from '../disk.js';
import { INDEX_FOLDER, parseFileName } from '../paths.js';

/** What lies in the data directory when it is opened. */
export interface Inventory {
  /** Series with a metadata file. */
  readonly series: Set<Uuid>;
  /** Series with a points file. */
  readonly points: Set<Uuid>;
  /** Files that an interrupted write left behind. */
  readonly temporary: readonly string[];
  /** Files that are not ours. */
  readonly foreign: readonly string[];
}

export async function takeInventory(disk: Disk): Promise<Inventory> {
  const inventory = {
    series: new Set<Uuid>(),
    points: new Set<Uuid>(),
    temporary: [] as string[],
    foreign: [] as string[],
  };
  const indexes = (await disk.list(INDEX_FOLDER)).map((name) => `${INDEX_FOLDER}/${name}`);
  for (const name of [...(await disk.list()), ...indexes]) {
    const parsed = parseFileName(name);
    if (parsed.kind === 'series') inventory.series.add(parsed.id);
    else if (parsed.kind === 'points') inventory.points.add(parsed.id);
    else if (parsed.kind === 'temporary') inventory.temporary.push(name);
    else if (parsed.kind === 'foreign') inventory.foreign.push(name);
  }
  return inventory;
}
