import { Logger } from '@nestjs/common';
import { AppError, messageOf } from '../../core/app-error.js';
import { errorCode } from '../disk.js';
import { DamagedFileError, NewerFormatError } from '../parquet/file-seal.js';

/** The damaged files that were found, each told once on the log. */
export class DamageReport {
  private readonly logger = new Logger('DataDirectory');
  private readonly names = new Set<string>();

  get files(): readonly string[] {
    return [...this.names];
  }

  /**
   * @param remedy what was done about it, where the file is not needed to serve its content
   * @throws AppError UNAVAILABLE for a file of a newer format: it is not damaged, and serving half of the
   *   data would be worse than not starting; and whatever is not about the file at all
   */
  add(name: string, error: unknown, remedy?: string): void {
    if (error instanceof NewerFormatError) {
      throw new AppError('UNAVAILABLE', `${name}: ${error.message}; use a newer release`);
    }
    if (!(error instanceof DamagedFileError) && errorCode(error) === undefined) throw error;
    const reason = messageOf(error);
    if (remedy !== undefined) {
      this.logger.warn({ message: 'Damaged file', file: name, reason, remedy });
    } else if (!this.names.has(name)) {
      this.names.add(name);
      this.logger.error({ message: 'Damaged file, not served', file: name, reason });
    }
  }
}
