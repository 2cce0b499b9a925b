// Serves the playground: a bundle of our own at /playground/, its page at /. Nothing comes from elsewhere,
// which the content security policy also enforces.

import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** The same folder from the sources and from the build: both lie two folders below the package's root. */
const ROOT = fileURLToPath(new URL('../../dist/playground', import.meta.url));

// Monaco styles its elements inline and starts its workers from our own origin.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export async function servePlayground(app: NestFastifyApplication): Promise<void> {
  await app.register(fastifyStatic, {
    root: ROOT,
    prefix: '/playground/',
    index: false,
    // File names in assets/ carry a hash of their content.
    setHeaders: (reply, path) => {
      const forever = path.includes('assets');
      void reply.header(
        'cache-control',
        forever ? 'public, max-age=31536000, immutable' : 'no-cache',
      );
      void reply.header('x-content-type-options', 'nosniff');
      void reply.header('content-security-policy', CONTENT_SECURITY_POLICY);
    },
  });
  const fastify = app.getHttpAdapter().getInstance();
  fastify.get('/', (_request, reply) => reply.sendFile('index.html'));
}
