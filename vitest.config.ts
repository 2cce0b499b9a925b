import { defineConfig } from 'vitest/config';

export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  // As Node itself resolves packages: graphql's `module` build would be a second copy of it.
  resolve: { mainFields: ['main'] },
  test: {
    include: ['src/**/*.spec.ts', 'test/**/*.spec.ts'],
    // Servers, files and browsers: slow machines need the room, and a hanging test still ends.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores: more workers than that only take turns.
    maxWorkers: 2,
  },
});
