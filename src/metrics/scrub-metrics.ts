import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import {
  STORAGE_SCRUB_DAMAGES_TOTAL,
  STORAGE_SCRUB_LAST_PASS_TIMESTAMP_SECONDS,
  STORAGE_SCRUB_PROGRESS_RATIO,
  STORAGE_SCRUBBED_FILES_TOTAL,
} from './definitions/storage.js';

export type ScrubDamage = 'quarantined' | 'repaired' | 'unreadable';

/** The background check of the stored files. */
@Injectable()
export class ScrubMetrics {
  constructor(
    @InjectMetric(STORAGE_SCRUBBED_FILES_TOTAL.name) private readonly files: Counter,
    @InjectMetric(STORAGE_SCRUB_DAMAGES_TOTAL.name) private readonly damages: Counter,
    @InjectMetric(STORAGE_SCRUB_PROGRESS_RATIO.name) private readonly progress: Gauge,
    @InjectMetric(STORAGE_SCRUB_LAST_PASS_TIMESTAMP_SECONDS.name) private readonly lastPass: Gauge,
  ) {
    // Alerts look for an increase, which begins at a sample.
    for (const outcome of ['quarantined', 'repaired', 'unreadable']) damages.inc({ outcome }, 0);
  }

  countFile(): void {
    this.files.inc();
  }

  countDamage(outcome: ScrubDamage): void {
    this.damages.inc({ outcome });
  }

  /** @param ratio of this pass, from 0 to 1 */
  setProgress(ratio: number): void {
    this.progress.set(ratio);
  }

  noticePass(): void {
    this.progress.set(1);
    this.lastPass.setToCurrentTime();
  }
}
