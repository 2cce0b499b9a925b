// What the machine can do at most: Fastify that reads the same request and answers the same bytes.

import Fastify from 'fastify';

const server = Fastify();
const answer = process.env.ANSWER ?? '{}';
server.post('/graphql', (_request, reply) => {
  reply.header('content-type', 'application/json; charset=utf-8').send(answer);
});
const url = await server.listen({ port: 0, host: '127.0.0.1' });
process.stdout.write(`{"message":"Listening","url":"${url}"}\n`);
process.on('SIGTERM', () => process.exit(0));
