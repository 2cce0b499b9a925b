// Asks an S3-compatible store whether its conditional puts are atomic: of many writers that create the same key
// (`If-None-Match: *`), or replace the same version of it (`If-Match`), exactly one may win, and its bytes must be what is
// read afterwards. Speaks plain HTTP and signs by itself, so that any store can be asked, and any can be exchanged:
//
//   node test/packaging/object-store/conditional-puts.mjs --endpoint http://127.0.0.1:9000
//
// Ends with 0 where every race had one winner, and else with 1. The bucket is made if it is not there; what was written
// is removed.

import { createHash, createHmac, randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    endpoint: { type: 'string' },
    'access-key': { type: 'string', default: 'admin' },
    'secret-key': { type: 'string', default: 'password123' },
    region: { type: 'string', default: 'us-east-1' },
    bucket: { type: 'string', default: 'conditional-puts' },
    writers: { type: 'string', default: '32' },
    races: { type: 'string', default: '200' },
    // Larger bodies leave more time between the look at the condition and the write: where races are lost.
    bytes: { type: 'string', default: '65536' },
  },
});
if (options.endpoint === undefined) {
  process.stderr.write('Say which store: --endpoint http://127.0.0.1:9000\n');
  process.exit(2);
}
const endpoint = new URL(options.endpoint);
const [writers, races, bytes] = [options.writers, options.races, options.bytes].map(Number);
if (![writers, races, bytes].every((count) => Number.isInteger(count) && count > 0)) {
  process.stderr.write('--writers, --races and --bytes are whole numbers above 0\n');
  process.exit(2);
}
const secure = endpoint.protocol === 'https:';
const agent = new (secure ? SecureAgent : Agent)({ keepAlive: true, maxSockets: writers });

const sha256 = (data) => createHash('sha256').update(data).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

// Signature Version 4 of AWS, for requests without a query.
function signed(method, path, headers, body) {
  const now = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = now.slice(0, 8);
  const all = {
    ...headers,
    host: endpoint.host,
    'x-amz-content-sha256': sha256(body),
    'x-amz-date': now,
  };
  const names = Object.keys(all).sort();
  const canonical = [
    method,
    path,
    '',
    ...names.map((name) => `${name}:${all[name]}`),
    '',
    names.join(';'),
    all['x-amz-content-sha256'],
  ].join('\n');
  const scope = `${day}/${options.region}/s3/aws4_request`;
  const key = [day, options.region, 's3', 'aws4_request'].reduce(
    (secret, part) => hmac(secret, part),
    `AWS4${options['secret-key']}`,
  );
  const signature = hmac(
    key,
    ['AWS4-HMAC-SHA256', now, scope, sha256(canonical)].join('\n'),
  ).toString('hex');
  return {
    ...all,
    authorization:
      `AWS4-HMAC-SHA256 Credential=${options['access-key']}/${scope}, ` +
      `SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

function send(method, path, headers = {}, body = Buffer.alloc(0)) {
  return new Promise((resolve, reject) => {
    const outgoing = (secure ? secureRequest : request)(
      new URL(path, endpoint),
      {
        agent,
        method,
        headers: { ...signed(method, path, headers, body), 'content-length': body.length },
        // A store that hangs is a failed check, not one that never ends.
        signal: AbortSignal.timeout(60_000),
      },
      (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode,
            etag: response.headers.etag,
            body: Buffer.concat(parts),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const pathOf = (key) => `/${options.bucket}/${key}`;
const bodyOf = (label) => Buffer.alloc(bytes, `${label}\n`);
const faults = [];

// Lets all writers put at once, and notes what is wrong with what comes of it.
async function race(name, key, headers) {
  const bodies = Array.from({ length: writers }, (_, writer) => bodyOf(`${name} ${writer}`));
  const answers = await Promise.all(bodies.map((body) => send('PUT', pathOf(key), headers, body)));
  const winners = answers.flatMap(({ status }, writer) => (status === 200 ? [writer] : []));
  // S3 refuses with 412, or with 409 where another conditional put was under way.
  const odd = answers.filter(({ status }) => ![200, 409, 412].includes(status));
  if (odd.length > 0) {
    faults.push(`${name}: ${odd.length} answers like ${odd[0].status} ${odd[0].body.toString()}`);
  }
  if (winners.length !== 1) {
    faults.push(`${name}: ${winners.length} of ${writers} writers won`);
    return;
  }
  const [winner] = winners;
  const stored = await send('GET', pathOf(key));
  if (!stored.body.equals(bodies[winner]) || stored.etag !== answers[winner].etag) {
    faults.push(`${name}: what is stored is not what the winner wrote`);
  }
}

async function expectRefused(name, key, headers) {
  const { status } = await send('PUT', pathOf(key), headers, bodyOf(name));
  if (![404, 409, 412].includes(status)) faults.push(`${name}: answered ${status}, not refused`);
}

const run = randomUUID();
const made = await send('PUT', `/${options.bucket}`);
if (made.status !== 200 && made.status !== 409) {
  process.stderr.write(`The bucket could not be made: ${made.status} ${made.body.toString()}\n`);
  process.exit(1);
}

const keys = [];
for (let index = 0; index < races; index += 1) {
  keys.push(`${run}/create-${index}`);
  await race(`create ${index}`, keys[index], { 'if-none-match': '*' });
}
const created = faults.length;
process.stdout.write(`If-None-Match: ${writers} writers, ${races} keys, ${created} faults\n`);

const replaced = `${run}/replace`;
keys.push(replaced);
await expectRefused('replace what is not there', replaced, {
  'if-match': '"00000000000000000000000000000000"',
});
await send('PUT', pathOf(replaced), { 'if-none-match': '*' }, bodyOf('first'));
for (let index = 0; index < races; index += 1) {
  const { etag } = await send('GET', pathOf(replaced));
  await race(`replace ${index}`, replaced, { 'if-match': etag });
  await expectRefused(`replace ${index}, of a version that is past`, replaced, {
    'if-match': etag,
  });
}
process.stdout.write(
  `If-Match: ${writers} writers, ${races} rounds, ${faults.length - created} faults\n`,
);

await Promise.all(keys.map((key) => send('DELETE', pathOf(key))));
agent.destroy();
for (const fault of faults.slice(0, 10)) process.stderr.write(`${fault}\n`);
if (faults.length > 10) process.stderr.write(`and ${faults.length - 10} more\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
