// What an operator may ask of the store while it serves.

import { Injectable } from '@nestjs/common';
import { SingleFlight } from '../core/single-flight.js';
import { DataDirectory } from './data-directory.js';
import type { VerifyReport } from './integrity/report.js';

@Injectable()
export class StorageMaintenance {
  private readonly verifying = new SingleFlight<VerifyReport>();

  constructor(private readonly directory: DataDirectory) {}

  /**
   * Everything that was committed before the call is in Parquet files when it returns.
   * @throws AppError STORAGE_ERROR
   */
  flush(): Promise<void> {
    return this.directory.flush();
  }

  /**
   * Reads and checks every stored file; who asks while that goes on gets the same report.
   * @throws AppError STORAGE_ERROR where the directory cannot be read
   */
  verify(): Promise<VerifyReport> {
    return this.verifying.run('verify', () => this.directory.verify());
  }
}
