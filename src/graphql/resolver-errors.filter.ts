import { type ArgumentsHost, Catch, HttpException, HttpStatus } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { failureOf } from '../logging/request-log.js';

const UNEXPECTED = {
  statusCode: HttpStatus.INTERNAL_SERVER_ERROR,
  message: 'Internal server error',
};

/**
 * Hands what a resolver threw to graphql-js as it is, and notes on other requests what failed. Nest's own filter would
 * first log it, with a stack and as an error, be it the caller's fault or not; it is logged where the request ends.
 */
@Catch()
export class ResolverErrorsFilter extends BaseExceptionFilter {
  override catch(exception: unknown, host: ArgumentsHost): void {
    if (host.getType<string>() === 'graphql') throw exception;
    if (exception instanceof HttpException) {
      super.catch(exception, host);
      return;
    }
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    request.fault = { code: String(UNEXPECTED.statusCode), failures: [failureOf(exception)] };
    super.catch(new HttpException(UNEXPECTED, UNEXPECTED.statusCode), host);
  }
}
