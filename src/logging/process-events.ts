// What happens to the process outside of any request, as lines of the log: Node.js itself would write it on standard
// error, in a form of its own.

import type { LoggerService } from '@nestjs/common';

/** Of the chain of causes of one error. */
const CAUSES_MAX = 5;

/** After an error that nobody caught nothing is known of the state in memory; what was acknowledged is in the log. */
const CRASHED = 1;

/** To be called once, before anything else is started. */
export function logProcessEvents(logger: LoggerService, withStacks: boolean): void {
  const crash = (message: string) => (thrown: unknown) => {
    logger.error({ message, ...described(thrown, withStacks) });
    process.exit(CRASHED);
  };
  process.on('uncaughtException', crash('Uncaught exception'));
  process.on('unhandledRejection', crash('Unhandled rejection'));
  // The one that is there writes plain text.
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message, stack }) => {
    logger.warn({ message, warning: name, ...(withStacks ? { stack } : {}) });
  });
}

function described(thrown: unknown, withStacks: boolean): { cause: string; stack?: string } {
  const chain: string[] = [];
  const stacks: string[] = [];
  let cause = thrown;
  do {
    chain.push(String(cause));
    stacks.push((cause instanceof Error && cause.stack) || String(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  } while (cause !== undefined && chain.length < CAUSES_MAX);
  const separator = 'caused by: ';
  return {
    cause: chain.join(`, ${separator}`),
    ...(withStacks ? { stack: stacks.join(`\n${separator}`) } : {}),
  };
}
