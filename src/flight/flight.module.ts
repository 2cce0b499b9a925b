import { Module } from '@nestjs/common';
import { DataPointsModule } from '../data-points/data-points.module.js';
import { HealthModule } from '../health/health.module.js';
import { LoggingModule } from '../logging/logging.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { SeriesModule } from '../series/series.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { Actions } from './actions.js';
import { Calls } from './calls.js';
import { FlightCalls } from './flight-calls.js';
import { FlightServer } from './flight-server.js';
import { Flights } from './flights.js';
import { ChangesFlight } from './get/changes-flight.js';
import { PointsFlight } from './get/points-flight.js';
import { SeriesFlight } from './get/series-flight.js';
import { HealthCalls } from './health-calls.js';
import { PointsUploads } from './put/points-upload.js';
import { SeriesUploads } from './put/series-upload.js';
import { Uploads } from './put/uploads.js';
import { SeriesNames } from './series-names.js';

/** Arrow Flight: the same services as GraphQL, for clients that work in columns. */
@Module({
  imports: [
    LoggingModule,
    MetricsModule,
    StorageModule,
    SeriesModule,
    DataPointsModule,
    HealthModule,
  ],
  providers: [
    SeriesNames,
    PointsFlight,
    SeriesFlight,
    ChangesFlight,
    Flights,
    PointsUploads,
    SeriesUploads,
    Uploads,
    Actions,
    Calls,
    FlightCalls,
    HealthCalls,
    FlightServer,
  ],
})
export class FlightModule {}
