// The examples of docs/point-in-time.md, one after the other: each operation is followed by its answer.

import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { startTestApp } from '../support/test-app.js';

const DOCUMENT = new URL('../../docs/point-in-time.md', import.meta.url);
const EXAMPLE = /```graphql\n(.*?)```\n+```json\n(.*?)```/gs;

it('the examples of point-in-time.md answer what stands below them', async () => {
  const text = await readFile(DOCUMENT, 'utf8');
  const examples = [...text.matchAll(EXAMPLE)];
  expect(examples).toHaveLength(text.match(/```graphql/g)!.length);
  const app = await startTestApp();
  for (const [, operation, answer] of examples) {
    const { data, errors } = await app.query(operation!);
    expect(errors).toBeUndefined();
    expect(data).toEqual(JSON.parse(answer!));
  }
  await app.close();
});
