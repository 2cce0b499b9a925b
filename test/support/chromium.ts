/**
 * A real browser for the end-to-end tests, cut off from every network except the service under
 * test: a page that needs a CDN, a web font or analytics fails here as it would on a machine
 * without internet. Uses an installed Chromium; nothing is downloaded.
 */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

const executablePath = process.env['CHROMIUM_PATH'] || '/usr/bin/chromium';

const HOW_TO_INSTALL =
  'Install the Debian package "chromium" (apt-get install chromium), or set CHROMIUM_PATH to a ' +
  'Chromium or Chrome executable, or set SKIP_BROWSER=1 to leave the browser tests out.';

/**
 * Whether the browser tests are left out, which is said on the console. In CI (the variable CI is
 * set) a missing browser is not a reason: there launchChromium fails and says what to install.
 */
export function skipBrowserTests(): boolean {
  if (process.env['SKIP_BROWSER'] === '1') {
    process.stderr.write('Browser tests skipped: SKIP_BROWSER=1\n');
    return true;
  }
  if (!existsSync(executablePath) && !process.env['CI']) {
    process.stderr.write(
      `Browser tests skipped: no Chromium at ${executablePath}. ${HOW_TO_INSTALL}\n`,
    );
    return true;
  }
  return false;
}

/** Starts a browser; the caller closes it. Fails with what to install where there is none. */
export async function launchChromium(): Promise<Browser> {
  if (!existsSync(executablePath)) {
    throw new Error(`No Chromium at ${executablePath}. ${HOW_TO_INSTALL}`);
  }
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox', // the sandbox refuses to run as root, which is what containers and CI run as
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Catches what request interception does not see: preconnects, DNS prefetches, the browser's
      // own traffic. Only this machine has an address.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
    ],
  });
}

export interface IsolatedPage {
  page: Page;
  /** Addresses outside the origin that were asked for, and refused. */
  outsideRequests: string[];
  /** Console errors and uncaught exceptions, of the page and of its workers. */
  errors: string[];
  close(): Promise<void>;
}

/** Opens an empty page in a profile of its own that can reach `origin` and nothing else. */
export async function openIsolatedPage(browser: Browser, origin: string): Promise<IsolatedPage> {
  const context = await browser.newContext({
    colorScheme: 'light',
    locale: 'en-US',
    serviceWorkers: 'block', // their requests would bypass the interception below
    viewport: { width: 1280, height: 800 },
  });
  const outsideRequests: string[] = [];
  const errors: string[] = [];
  const host = new URL(origin).host;

  await context.route('**/*', (route) => {
    const url = new URL(route.request().url());
    if (url.origin === origin || url.protocol === 'data:' || url.protocol === 'blob:') {
      return route.continue();
    }
    outsideRequests.push(url.href);
    return route.abort('internetdisconnected');
  });
  await context.routeWebSocket(/.*/, (socket) => {
    if (new URL(socket.url()).host === host) {
      socket.connectToServer();
      return;
    }
    outsideRequests.push(socket.url());
    void socket.close();
  });

  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => errors.push(error.stack || String(error)));

  return { page, outsideRequests, errors, close: () => context.close() };
}
