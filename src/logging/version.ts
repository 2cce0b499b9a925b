import { createRequire } from 'node:module';

/** The package's own, two levels up from `src/logging` and from `dist/logging` alike. */
export const { version: VERSION } = createRequire(import.meta.url)('../../package.json') as {
  readonly version: string;
};
