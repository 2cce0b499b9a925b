import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Clock, SystemClock } from '../core/clock.js';
import { Config } from './environment.js';

/** The settings and the clock, for every module. */
@Global()
@Module({})
export class ConfigModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: ConfigModule,
      providers: [
        { provide: Config, useValue: config },
        { provide: Clock, useClass: SystemClock },
      ],
      exports: [Config, Clock],
    };
  }
}
