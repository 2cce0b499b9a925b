import { Logger } from '@nestjs/common';
import { messageOf } from '../../core/app-error.js';
import type { Uuid } from '../../core/uuid.js';
import type { SeriesCatalog } from '../catalog/series-catalog.js';
import { pointsFile } from '../paths.js';

const logger = new Logger('DataDirectory');

/** The points of a series are not served any more; the log names their file. */
export function quarantinePoints(catalog: SeriesCatalog, id: Uuid, error: unknown): void {
  catalog.setQuarantine(id, 'points');
  const reason = messageOf(error);
  logger.error({ message: 'Damaged file, not served', file: pointsFile(id), reason });
}
