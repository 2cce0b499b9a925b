import type { Uuid } from '../../core/uuid.js';
import { errorCode, type Disk } from '../disk.js';
import { readPointsFacts } from '../recovery/series-files.js';
import type { StoredState } from '../stored-state.js';

/**
 * Finds out which file stands after a rename that failed, and may have done its work all the same. For
 * whoever is alone with the series.
 * @returns whether there was a doubt
 * @throws the system's error where the file cannot be read, the doubt remains then
 */
export async function settleFile(disk: Disk, state: StoredState, id: Uuid): Promise<boolean> {
  const doubtful = state.doubtfulFiles.get(id);
  if (doubtful === undefined) return false;
  if ((await hashOf(disk, id)) === doubtful.sha256) state.catalog.putFile(id, doubtful);
  state.doubtfulFiles.delete(id);
  return true;
}

/** Undefined where there is no file. */
async function hashOf(disk: Disk, id: Uuid): Promise<string | undefined> {
  try {
    return (await readPointsFacts(disk, id)).sha256;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
