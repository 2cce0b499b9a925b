import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { messageOf } from '../core/app-error.js';
import { DataDirectory } from './data-directory.js';

/** The checks that storage contributes to health. */
@Injectable()
export class StorageHealth {
  constructor(
    private readonly directory: DataDirectory,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /** Down where the data directory does not answer. */
  async databaseConnectivity() {
    const check = this.indicators.check('database_connectivity');
    const started = performance.now();
    try {
      await this.directory.probe();
      const milliseconds = Math.round(performance.now() - started);
      return check.up(`Database responsive in ${milliseconds}ms`);
    } catch (error) {
      return check.down(messageOf(error));
    }
  }

  /** Degraded while damaged files are kept from being served. */
  storedFiles() {
    const check = this.indicators.check('stored_files');
    const { damaged } = this.directory;
    return damaged === 0
      ? check.up('No damaged files')
      : check.degraded(`${damaged} damaged file(s) not served; the log names them`);
  }

  /** Degraded while changes cannot be moved from the log into files: nothing is lost, but the log grows. */
  flushing() {
    const check = this.indicators.check('flushing');
    const { flushFailure } = this.directory;
    return flushFailure === undefined
      ? check.up('Changes reach their files')
      : check.degraded(`The log keeps what could not be moved into files. ${flushFailure}`);
  }
}
