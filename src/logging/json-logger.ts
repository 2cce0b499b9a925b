// Nest's logger interface over pino: one JSON object per line on standard output. Everything that is logged passes
// here, so that this is where secrets are taken out and where no caller can add a field of ours.

import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger } from 'pino';
import type { Config, LogLevel } from '../config/environment.js';
import { VERSION } from '../core/version.js';
import { logOutput, standardOutput } from './log-output.js';
import { isSecretName, loggable, REDACTED, type Loggable } from './redaction.js';

/** What Nest tells of its own assembly interests its developers, not operators. */
const FRAMEWORK_CONTEXTS = new Set<unknown>([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'GraphQLModule',
  'NestApplication',
]);

/** Fields that each line has once, whatever else is logged. */
const OWN_FIELDS = new Set(['time', 'level', 'service', 'version', 'context']);

/** Deeper and wider than `loggable` goes. */
const PINO_LIMITS = { depthLimit: 10, edgeLimit: 5_000 };

export class JsonLogger implements LoggerService {
  private readonly logger: Logger;

  constructor(
    private readonly config: Pick<Config, 'logLevel' | 'logStackTraces' | 'logPretty'>,
    output: DestinationStream = standardOutput(),
  ) {
    const form = { isPretty: config.logPretty === 1, isColoured: process.stdout.isTTY };
    this.logger = pino(
      {
        ...PINO_LIMITS,
        level: config.logLevel,
        base: { service: 'econ-graph-financial-data', version: VERSION },
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (level) => ({ level }) },
        messageKey: 'message',
      },
      logOutput(output, form),
    );
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

  private write(level: LogLevel, message: unknown, rest: unknown[]): void {
    if (!this.logger.isLevelEnabled(level)) return;
    const context = rest.length > 0 ? rest.at(-1) : undefined;
    const stack = rest.length > 1 ? rest[0] : undefined;
    const fields = {
      ...this.fields(message),
      ...(typeof stack === 'string' && this.config.logStackTraces ? { stack } : {}),
    };
    this.logger[level]({
      ...(typeof context === 'string' ? { context } : {}),
      ...safe(fields),
    });
  }

  /** A text is the message; an object brings fields of its own, `message` among them. */
  private fields(message: unknown): Readonly<Record<string, unknown>> {
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

function safe(fields: Readonly<Record<string, unknown>>): Record<string, Loggable> {
  const kept: [string, Loggable][] = [];
  for (const [name, value] of Object.entries(fields)) {
    const shown = isSecretName(name) ? REDACTED : loggable(value);
    if (shown === undefined) continue;
    if (name === 'message')
      kept.push([name, typeof shown === 'string' ? shown : JSON.stringify(shown)]);
    else kept.push([OWN_FIELDS.has(name) ? `${name}_` : name, shown]);
  }
  return { message: '', ...Object.fromEntries(kept) };
}
