// Nest's logger interface over pino: one JSON object per line on standard output.

import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';
import type { Config } from './environment.js';

/** What Nest tells of its own assembly interests its developers, not operators. */
const FRAMEWORK_CONTEXTS = new Set<unknown>([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'GraphQLModule',
  'NestApplication',
]);

export class JsonLogger implements LoggerService {
  private readonly logger: Logger;

  constructor(private readonly config: Pick<Config, 'logLevel' | 'logStackTraces'>) {
    this.logger = pino({
      level: config.logLevel,
      base: { service: 'econ-graph-financial-data' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      messageKey: 'message',
    });
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write(FRAMEWORK_CONTEXTS.has(rest.at(-1)) ? 'debug' : 'info', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  /** Nest passes (message, stack, context). */
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  private write(
    level: 'info' | 'warn' | 'debug' | 'trace' | 'error',
    message: unknown,
    rest: unknown[],
  ) {
    const context = rest.length > 0 ? rest.at(-1) : undefined;
    const stack = rest.length > 1 ? rest[0] : undefined;
    this.logger[level]({
      ...this.fields(message),
      ...(typeof context === 'string' ? { context } : {}),
      ...(typeof stack === 'string' && this.config.logStackTraces ? { stack } : {}),
    });
  }

  /** A text is the message; an object brings fields of its own, `message` among them. */
  private fields(message: unknown): Record<string, unknown> {
    if (message instanceof Error) {
      return {
        message: message.message,
        ...(this.config.logStackTraces ? { stack: message.stack } : {}),
      };
    }
    return typeof message === 'object' && message !== null
      ? { ...message }
      : { message: String(message) };
  }
}
