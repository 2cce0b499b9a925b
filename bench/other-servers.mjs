// The same schema, resolvers and data behind other servers, for comparison: plain Apollo, and Mercurius with its
// just-in-time compiler. SERVER says which; it prints its address like the service does.

import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import { ApolloServer } from '@apollo/server';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import fastify from 'fastify';
import mercurius from 'mercurius';
import { createApp } from '../dist/app.js';
import { loadConfig } from '../dist/config/environment.js';

// It does not listen: only its schema is wanted, with the resolvers behind it.
const service = await createApp(loadConfig(process.env));
const { schema } = service.get(GraphQLSchemaHost);
const app = fastify();
if (process.env.SERVER === 'mercurius') {
  await app.register(mercurius, { schema, jit: 1, context: () => ({}) });
} else {
  const apollo = new ApolloServer({ schema, plugins: [fastifyApolloDrainPlugin(app)] });
  await apollo.start();
  await app.register(fastifyApollo(apollo), { context: () => Promise.resolve({}) });
}
const url = await app.listen({ port: 0, host: '127.0.0.1' });
process.stdout.write(`{"message":"Listening","url":"${url}"}\n`);
process.once('SIGTERM', () => {
  void app
    .close()
    .then(() => service.close())
    .then(() => process.exit(0));
});
