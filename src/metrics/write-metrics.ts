import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Summary } from 'prom-client';
import {
  STORAGE_COMMITS_TOTAL,
  STORAGE_FILES_WRITTEN_TOTAL,
  STORAGE_LOG_SYNC_DURATION_SECONDS,
  STORAGE_POINTS_WRITTEN_TOTAL,
} from './definitions/storage.js';

/** What becomes durable: commits in the log, and later the files. */
@Injectable()
export class WriteMetrics {
  constructor(
    @InjectMetric(STORAGE_COMMITS_TOTAL.name) private readonly commits: Counter,
    @InjectMetric(STORAGE_POINTS_WRITTEN_TOTAL.name) private readonly points: Counter,
    @InjectMetric(STORAGE_FILES_WRITTEN_TOTAL.name) private readonly files: Counter,
    @InjectMetric(STORAGE_LOG_SYNC_DURATION_SECONDS.name) private readonly syncs: Summary,
  ) {}

  countCommits(commits: number, points: number): void {
    this.commits.inc(commits);
    this.points.inc(points);
  }

  countFiles(kind: 'points' | 'series', files: number): void {
    this.files.inc({ kind }, files);
  }

  /** Of a sync of the log. */
  observeSync(milliseconds: number): void {
    this.syncs.observe(milliseconds / 1000);
  }
}
