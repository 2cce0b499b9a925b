/**
 * Bundles the playground into dist/playground, the only folder this build may empty.
 * The service answers GET / with its index.html and /playground/* with the rest.
 */
import { resolve } from 'node:path';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: '/playground/',
  publicDir: false,
  build: {
    outDir: resolve(import.meta.dirname, '../../../dist/playground'),
    emptyOutDir: true,
    // The bundle contains other people's work; their licences travel with it.
    license: { fileName: 'licenses.md' },
    // The editor (Monaco, with GraphQL and JSON as its only languages) is one file of 2.8 MB that
    // is loaded after the page is drawn; a warning on every build would say nothing new.
    chunkSizeWarningLimit: 3000,
    // "use client" marks React server components, which this page does not have.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
});
