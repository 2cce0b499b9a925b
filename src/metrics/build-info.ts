import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import { VERSION } from '../core/version.js';
import { BUILD_INFO } from './definitions/process.js';

/** Tells which build runs, once, at the start. */
@Injectable()
export class BuildInfo implements OnModuleInit {
  constructor(@InjectMetric(BUILD_INFO.name) private readonly info: Gauge) {}

  onModuleInit(): void {
    this.info.set({ version: VERSION, node_version: process.version }, 1);
  }
}
