import { createRequire } from 'node:module';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import { BUILD_INFO } from './definitions/process.js';

/** Tells which build runs, once, at the start. */
@Injectable()
export class BuildInfo implements OnModuleInit {
  constructor(@InjectMetric(BUILD_INFO.name) private readonly info: Gauge) {}

  onModuleInit(): void {
    // As far away from the sources as from what is built of them. npm does not publish a package without a version.
    const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
    this.info.set({ version, node_version: process.version }, 1);
  }
}
