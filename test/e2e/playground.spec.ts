/**
 * The playground as a user meets it: a real browser, a real keyboard, our server and no internet.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  launchChromium,
  openIsolatedPage,
  skipBrowserTests,
  type IsolatedPage,
} from '../support/chromium.js';
import { startTestApp } from '../support/test-app.js';

const CONFIG_FILE = fileURLToPath(
  new URL('../../src/graphql/playground/vite.config.ts', import.meta.url),
);
const BUILT_PAGE = fileURLToPath(new URL('../../dist/playground/index.html', import.meta.url));

const OPERATION_EDITOR = 'section[aria-label="Operation Editor"]';
const RESPONSE_PANE = '.result-window';

// Includes a cold browser start and, on a fresh checkout, the bundling.
const TIMEOUT_MS = 60_000;
// One answer of the local server, drawn.
const ANSWER_TIMEOUT_MS = 15_000;

describe.skipIf(skipBrowserTests())('the playground', { timeout: TIMEOUT_MS }, () => {
  let app: Awaited<ReturnType<typeof startTestApp>> | undefined;
  let browser: Browser | undefined;
  let isolated: IsolatedPage | undefined;

  beforeAll(async () => {
    browser = await launchChromium();
    if (!existsSync(BUILT_PAGE)) await buildPlayground();
    app = await startTestApp();
  }, TIMEOUT_MS);

  afterAll(async () => {
    await browser?.close();
    await app?.close();
  });

  beforeEach(async () => {
    isolated = await openIsolatedPage(browser!, app!.url);
  });

  afterEach(async () => {
    await isolated?.close();
  });

  it('is watched by a browser that notices a request to anywhere else', async () => {
    const { page, outsideRequests, errors } = isolated!;
    await page.setContent('<img src="http://cdn.example/pixel.png">');
    await expect.poll(() => outsideRequests).toEqual(['http://cdn.example/pixel.png']);
    await expect.poll(() => errors).toHaveLength(1);
  });

  it('loads completely from its own origin, without an error', async () => {
    const { page, outsideRequests, errors } = isolated!;
    await openPlayground(page, app!.url);

    expect(await page.title()).toBe('EconGraph Financial Data Service');
    // Without its workers the editor would still come up, but freeze while it checks a query.
    await expect
      .poll(() => page.workers().map(workerName).sort(), { timeout: ANSWER_TIMEOUT_MS })
      .toEqual(expect.arrayContaining(['editor.worker', 'graphql.worker', 'json.worker']));
    // Documentation comes from the introspected schema, so this also proves that it was fetched.
    await page.getByLabel('Show Documentation Explorer').click();
    await page.getByText('Root Types').waitFor({ timeout: ANSWER_TIMEOUT_MS });

    expect(outsideRequests).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('answers the query that it opens with', async () => {
    const { page, outsideRequests, errors } = isolated!;
    await openPlayground(page, app!.url);

    await page.locator(`${OPERATION_EDITOR} .view-lines`).click();
    await page.keyboard.press('Control+Enter');
    await expect
      .poll(() => drawnText(page, RESPONSE_PANE), { timeout: ANSWER_TIMEOUT_MS })
      .toContain('"listSeries":');

    expect(await drawnText(page, RESPONSE_PANE)).not.toContain('"errors":');
    expect(outsideRequests).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('runs what is typed in place of that query on Ctrl+Enter', async () => {
    const { page, outsideRequests, errors } = isolated!;
    await openPlayground(page, app!.url);

    const typed = 'query Typed { typedByHand: __typename }';
    await page.locator(`${OPERATION_EDITOR} .view-lines`).click();
    await page.keyboard.press('Control+A');
    await page.keyboard.type(typed, { delay: 10 });
    await expect.poll(() => drawnText(page, OPERATION_EDITOR)).toBe(typed);
    await page.keyboard.press('Control+Enter');
    await expect
      .poll(() => drawnText(page, RESPONSE_PANE), { timeout: ANSWER_TIMEOUT_MS })
      .toContain('"typedByHand": "Query"');

    expect(outsideRequests).toEqual([]);
    expect(errors).toEqual([]);
  });
});

/** For a fresh checkout; what is already built is tested as it is. */
async function buildPlayground(): Promise<void> {
  vi.stubEnv('NODE_ENV', 'production'); // under the test runner's "test", React would be a debug build
  try {
    await build({ configFile: CONFIG_FILE, logLevel: 'warn' });
  } finally {
    vi.unstubAllEnvs();
  }
}

/** Opens the playground and waits until its editors can be typed into. */
async function openPlayground(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator(`${OPERATION_EDITOR} .view-lines`).getByText('listSeries').waitFor();
  await page.locator(`${RESPONSE_PANE} .view-lines`).waitFor({ state: 'attached' });
}

/** The text an editor shows, as far as it is scrolled into view. Spaces are drawn as U+00A0. */
async function drawnText(page: Page, editor: string): Promise<string> {
  const lines = await page.locator(`${editor} .view-lines`).innerText();
  return lines.replaceAll('\u00a0', ' ').trim();
}

/** "graphql.worker" for /playground/assets/graphql.worker-<hash>.js; a hash can contain "-". */
function workerName(worker: { url(): string }): string {
  return new URL(worker.url()).pathname.replace(/^.*\//, '').replace(/-.*$/, '');
}
