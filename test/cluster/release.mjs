// The chart, installed in a namespace that holds its pods to the Pod Security Standard "restricted", and the service behind it.

import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outcome } from './command.mjs';
import { condition } from './cluster.mjs';
import { until } from './until.mjs';

export const CHART = join(
  dirname(fileURLToPath(import.meta.url)),
  '../../helm/econ-graph-financial-data',
);
const NAME = 'economics';
export const SERVICE = 'financial-data-service';
export const POD = `${SERVICE}-0`;
export const HTTP_PORT = 3001;
export const FLIGHT_PORT = 8815;
const READY_MILLISECONDS = 300_000;
const ASK_MILLISECONDS = 60_000;
const SOURCE = '123e4567-e89b-12d3-a456-426614174000';

export class Release {
  constructor(cluster, namespace = 'economics') {
    Object.assign(this, { cluster, namespace });
  }

  /** Makes the namespace and the release, where they are not there yet. */
  async ensure() {
    if (!(await this.cluster.find('namespace', this.namespace))) {
      await this.cluster.createNamespace(this.namespace);
    }
    if ((await this.helmOutcome('status')).code !== 0) await this.install();
    await this.ready();
  }

  install(...values) {
    return this.helmOutcome('install', CHART, '--wait', '--timeout', '300s', ...values);
  }

  upgrade(...values) {
    return this.helm('upgrade', CHART, '--wait', '--timeout', '300s', ...values);
  }

  async helm(verb, ...args) {
    const { code, stdout, stderr } = await this.helmOutcome(verb, ...args);
    if (code !== 0) throw new Error(`helm ${verb} ended with ${code}: ${stderr}${stdout}`);
    return stdout;
  }

  helmOutcome(verb, ...args) {
    return this.cluster.helmOutcome(verb, NAME, ...args, '--namespace', this.namespace);
  }

  pod() {
    return this.cluster.find('pod', POD, this.namespace);
  }

  /** @returns the pod, as soon as it is ready and another one than `uid` */
  async ready(uid) {
    const { found } = await until('the pod is ready', READY_MILLISECONDS, async () => {
      const pod = await this.pod();
      const isNew =
        pod !== undefined && pod.metadata.uid !== uid && !pod.metadata.deletionTimestamp;
      return isNew && condition(pod, 'Ready')?.status === 'True' ? pod : undefined;
    });
    return found;
  }

  /** @returns the address behind which the pod is found */
  async host() {
    const { spec } = await this.cluster.find('service', SERVICE, this.namespace);
    return spec.clusterIP;
  }

  async url() {
    return `http://${await this.host()}:${HTTP_PORT}`;
  }

  /** Asks GraphQL through the Service. */
  async ask(query, variables) {
    const response = await fetch(`${await this.url()}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(ASK_MILLISECONDS),
    });
    const { data, errors } = await response.json();
    if (errors) throw new Error(errors[0].message);
    return data;
  }

  async health() {
    const signal = AbortSignal.timeout(ASK_MILLISECONDS);
    return (await fetch(`${await this.url()}/health`, { signal })).json();
  }

  async createSeries(externalId) {
    const i = { sourceId: SOURCE, externalId, title: externalId, frequency: 'daily' };
    const { createSeries } = await this.ask(
      'mutation($i: CreateEconomicSeriesInput!) { createSeries(input: $i) { id } }',
      { i },
    );
    return createSeries.id;
  }

  async write(seriesId, points) {
    const atOnce = 10_000;
    for (let from = 0; from < points; from += atOnce) {
      const i = Array.from({ length: Math.min(atOnce, points - from) }, (_, row) => ({
        seriesId,
        date: new Date(Date.UTC(1000, 0, 1 + from + row)).toISOString().slice(0, 10),
        revisionDate: '2024-01-01',
        value: `${from + row}.1000000000000000055`,
      }));
      await this.ask(
        'mutation($i: [CreateDataPointInput!]!) { createDataPoints(inputs: $i) { addedCount } }',
        { i },
      );
    }
  }

  /** @returns what all that is known of a series comes to, to be compared */
  async contents(seriesId) {
    const answer = await this.ask(
      `query($id: UUID!) { series(id: $id) { externalId title
        observations(revisions: ALL) { dates decimalValues revisionDates } } }`,
      { id: seriesId },
    );
    const { series } = answer;
    const sum = createHash('sha256').update(JSON.stringify(series)).digest('hex');
    return `${series?.observations.dates.length ?? 'no'} observations, SHA-256 ${sum}`;
  }

  /** A command in the container, as an operator runs it: the image has no shell. */
  exec(...command) {
    return this.cluster.kubectlOutcome(['exec', '-n', this.namespace, POD, '--', ...command]);
  }

  async restarts() {
    return (await this.pod()).status.containerStatuses[0].restartCount;
  }

  events(reason) {
    return this.cluster
      .list('events', this.namespace)
      .then((events) => events.filter((event) => event.reason === reason));
  }
}

/** @returns whether a port of an address takes connections and answers with that status */
export async function statusOf(url) {
  const format = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '--max-time', '2'];
  return Number((await outcome('curl', [...format, url])).stdout);
}
