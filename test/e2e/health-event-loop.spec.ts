// By itself: for a minute, health remembers that this process was held up.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

interface Report {
  readonly status: string;
  readonly checks: Record<string, { readonly status: string; readonly message: string }>;
}

async function health(): Promise<Report> {
  return (await (await fetch(`${app.url}/health`)).json()) as Report;
}

it('health is degraded for a while when something held the event loop', async () => {
  const until = performance.now() + 2_500;
  while (performance.now() < until);
  // The clock of the measurement has to ring once more.
  await expect.poll(async () => (await health()).status, { timeout: 10_000 }).toBe('degraded');
  expect((await health()).checks['event_loop']).toMatchObject({
    status: 'Degraded',
    message: expect.stringMatching(/^Held for at most [2-9]\d{3}ms/) as string,
  });
});
