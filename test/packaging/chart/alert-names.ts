import { readFileSync } from 'node:fs';

/** The alerts that the runbook tells what to do about. */
export const ALERT_NAMES: readonly string[] = [
  ...readFileSync('docs/runbook.md', 'utf8').matchAll(/^### ([A-Z]\w+)$/gm),
].map(([, name]) => name!);
