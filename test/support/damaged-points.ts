import { join } from 'node:path';
import { Uuid } from '../../src/core/uuid.js';
import { pointsFile } from '../../src/storage/paths.js';
import { flip, rewriteFile } from './damage.js';

/** Turns one bit of the data of a series' points file, as a failing disk would. */
export async function damagePointsFile(dataDir: string, seriesId: string): Promise<void> {
  // The first page begins right behind the magic bytes.
  await rewriteFile(join(dataDir, pointsFile(Uuid.parse(seriesId))), (bytes) => flip(bytes, 8));
}
