import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { Config } from '../config/environment.js';
import { messageOf } from '../core/app-error.js';
import { bytesText } from '../core/bytes-text.js';
import { within } from '../core/within.js';
import { DataDirectory } from './data-directory.js';

/** A durable write costs a sync: however many ask how we are, there is one a second. */
const WRITE_PROBE_MILLISECONDS = 1_000;

/** A disk that hangs answers nothing at all: whoever asks how we are should hear that soon. */
const DISK_MILLISECONDS_MAX = 3_000;
const DISK_HANGS = 'The disk has not answered for 3 seconds';

interface WriteProbe {
  readonly began: number;
  readonly milliseconds: Promise<number>;
}

/** The checks that storage contributes to health. */
@Injectable()
export class StorageHealth {
  private lastWrite: WriteProbe | undefined;

  constructor(
    private readonly directory: DataDirectory,
    private readonly indicators: HealthIndicatorService,
    private readonly config: Config,
  ) {}

  /**
   * Down where the data directory cannot be read, and where a restart is needed before anything is written again;
   * degraded where the disk takes no writes, because reads go on.
   */
  async databaseConnectivity() {
    const check = this.indicators.check('database_connectivity');
    const { writeRefusal } = this.directory;
    if (writeRefusal !== undefined) return check.down(writeRefusal);
    const started = performance.now();
    try {
      await answered(this.directory.probeRead());
    } catch (error) {
      return check.down(messageOf(error));
    }
    const read = performance.now() - started;
    try {
      const write = await answered(this.writeMilliseconds());
      const [all, ofRead, ofWrite] = [read + write, read, write].map((time) => Math.round(time));
      return check.up(
        `Database responsive in ${all}ms (read ${ofRead}ms, durable write ${ofWrite}ms)`,
      );
    } catch (error) {
      return check.degraded(`Reads are answered, writes are not. ${messageOf(error)}`);
    }
  }

  /** Degraded where the disk is nearly full (`HEALTH_DISK_FREE_PERCENT_MIN`). */
  async diskSpace() {
    const check = this.indicators.check('disk_space');
    try {
      const { freeBytes, totalBytes } = await answered(this.directory.diskSpace());
      const percent = (100 * freeBytes) / totalBytes;
      const message = `${bytesText(freeBytes)} of ${bytesText(totalBytes)} free (${percent.toFixed(1)} %)`;
      const isEnough = percent >= this.config.healthDiskFreePercentMin;
      return isEnough ? check.up(message) : check.degraded(message);
    } catch (error) {
      return check.degraded(messageOf(error));
    }
  }

  /** Down where the log takes no more writes: what was acknowledged is safe, and a restart is needed. */
  log() {
    const check = this.indicators.check('write_ahead_log');
    const { log } = this.directory;
    return log.isPoisoned
      ? check.down(this.directory.writeRefusal ?? 'The log takes no more writes')
      : check.up(`${bytesText(log.bytes)} in use`);
  }

  /** Degraded where changes fill their memory, so that writers wait. */
  delta() {
    const check = this.indicators.check('delta');
    const { deltaBytes } = this.directory.state;
    const { deltaBytesMax } = this.config;
    const message = `${bytesText(deltaBytes)} of ${bytesText(deltaBytesMax)} of changes in memory`;
    return deltaBytes < deltaBytesMax
      ? check.up(message)
      : check.degraded(`${message}: writers wait`);
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

  /** How long the last durable write took, or is taking: one a second, shared by all who ask. */
  private writeMilliseconds(): Promise<number> {
    const now = performance.now();
    if (!this.lastWrite || now - this.lastWrite.began >= WRITE_PROBE_MILLISECONDS) {
      this.lastWrite = { began: now, milliseconds: this.probeWrite(now) };
    }
    return this.lastWrite.milliseconds;
  }

  private async probeWrite(began: number): Promise<number> {
    await this.directory.probeWrite();
    return performance.now() - began;
  }
}

function answered<T>(work: Promise<T>): Promise<T> {
  return within(DISK_MILLISECONDS_MAX, DISK_HANGS, work);
}
