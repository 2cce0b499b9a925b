import { Query, Resolver } from '@nestjs/graphql';
import { ReadsOf } from '../cache/reads.js';
import { HealthService } from './health.service.js';

@Resolver()
export class HealthResolver {
  constructor(private readonly service: HealthService) {}

  @ReadsOf('unversioned')
  @Query(() => String, { description: 'The state of the service in one sentence' })
  async health(): Promise<string> {
    const { status } = await this.service.report();
    return `Financial Data Service is ${status}`;
  }
}
