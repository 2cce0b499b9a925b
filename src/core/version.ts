import { createRequire } from 'node:module';

/**
 * The package's own: its package.json is two levels up from `src/core` and from `dist/core` alike. npm publishes no
 * package without a version.
 */
export const { version: VERSION } = createRequire(import.meta.url)('../../package.json') as {
  readonly version: string;
};
