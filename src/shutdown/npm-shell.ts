// npm and npx run a command by a shell, and pass a signal on to that shell only, which most shells end by without a word to
// the command. A service that is left like that takes it for SIGTERM: it would hold its port and its data directory otherwise,
// with nobody who knows of it.

import { STOP_SIGNALS } from './stop-signals.js';

const LOOK_MILLISECONDS = 250;

/** To be called after the signals are handled. Does nothing where npm has not started this process. */
export function stopWithNpmShell(environment: NodeJS.ProcessEnv): void {
  if (environment['npm_lifecycle_event'] === undefined) return;
  const shell = process.ppid;
  let looksWithout = 0;
  const timer = setInterval(() => {
    if (process.ppid === shell) return;
    // A terminal signals the shell and the service at once: two signals would end the service without an order.
    if (++looksWithout < 2) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_MILLISECONDS).unref();
  for (const signal of STOP_SIGNALS) process.once(signal, () => clearInterval(timer));
}
