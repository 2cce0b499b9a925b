// docker-compose.yml: what Compose accepts, and what this repository promises beyond that. Nothing is started here.

import { existsSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { describeVariables, loadConfig } from '../../src/config/environment.js';
import { composeFile, composeVariables, mountsOf } from './compose-schema/compose-file.js';
import { composeSchema, skipComposeSchema } from './compose-schema/compose-schema.js';
import { parseDockerfile } from './image/dockerfile.mjs';

const file = composeFile();
const { services } = file;
const each = Object.entries(services).map(([name, service]) => ({ name, service }));
const version = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;

describe.skipIf(skipComposeSchema())('the Compose specification', () => {
  let faults: (content: object) => string[];
  beforeAll(() => {
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(
      composeSchema(),
    );
    faults = (content) =>
      validate(content) ? [] : validate.errors!.map((e) => `${e.instancePath} ${e.message}`);
  });

  it('is fulfilled by docker-compose.yml', () => {
    expect(faults(file)).toEqual([]);
  });

  it('would refuse a misspelt key, a wrong type and an unknown condition', () => {
    const redis = services['redis']!;
    for (const wrong of [
      { ...redis, helthcheck: {} },
      { ...redis, read_only: 'perhaps so', ports: 'none' },
      { ...redis, depends_on: { grafana: { condition: 'service_happy' } } },
    ]) {
      expect(faults({ ...file, services: { redis: wrong } })).not.toEqual([]);
    }
  });
});

describe('docker-compose.yml', () => {
  it('has the five services, and no key of the past', () => {
    expect(Object.keys(services)).toEqual([
      'financial-data-service',
      'redis',
      'object-store',
      'prometheus',
      'grafana',
    ]);
    expect(file).not.toHaveProperty('version');
  });

  it('builds the service as the version that this is, in a container of its own name', () => {
    expect(services['financial-data-service']).toMatchObject({
      build: '.',
      image: `econ-graph-financial-data:${version}`,
      container_name: 'financial-data-service',
    });
  });

  it('builds the service at each start, and asks no registry for an image that none has', () => {
    expect(services['financial-data-service']).toMatchObject({ pull_policy: 'build' });
    const others = each.filter(({ name }) => name !== 'financial-data-service');
    for (const { name, service } of others) expect(service, name).not.toHaveProperty('pull_policy');
  });

  it('checks the service as the image does', () => {
    const { stages } = parseDockerfile(readFileSync('Dockerfile', 'utf8'));
    const image = stages.at(-1)!.instructions.find(({ keyword }) => keyword === 'HEALTHCHECK')!;
    expect(services['financial-data-service']!.healthcheck).toEqual({
      test: ['CMD', ...image.exec!.map((word) => word.replace(/^\/usr\/local\/bin\//, ''))],
      interval: image.flags['interval'],
      timeout: image.flags['timeout'],
      retries: Number(image.flags['retries']),
      start_period: image.flags['start-period'],
    });
  });

  it('takes all other images by version and digest', () => {
    const foreign = each.filter(({ service }) => service.build === undefined);
    expect(foreign).toHaveLength(4);
    for (const { service } of foreign) {
      expect(service.image).toMatch(
        /^[a-z]+\/[a-z]+:v?\d+\.\d+\.\d+(-alpine)?@sha256:[0-9a-f]{64}$/,
      );
    }
  });

  it('publishes the ports that people know, on loopback only', () => {
    const published = each.flatMap(({ service }) => service.ports ?? []);
    expect(published).toEqual([
      '127.0.0.1:3001:3001',
      '127.0.0.1:8815:8815',
      '127.0.0.1:9000:9000',
      '127.0.0.1:9001:9001',
      '127.0.0.1:9090:9090',
      '127.0.0.1:3000:3000',
    ]);
  });

  it('lets each port and each password be set', () => {
    const names = [...new Set(composeVariables().map(({ name }) => name))];
    expect(names.sort()).toEqual(
      [
        ...['HTTP_PORT', 'FLIGHT_PORT', 'S3_PORT', 'S3_CONSOLE_PORT', 'PROMETHEUS_PORT'],
        ...['GRAFANA_PORT', 'GRAFANA_USER', 'GRAFANA_PASSWORD', 'S3_ACCESS_KEY'],
        ...['S3_SECRET_KEY', 'LOG_LEVEL'],
      ].sort(),
    );
    const other = composeFile({ HTTP_PORT: '4001', S3_PORT: '4002', S3_CONSOLE_PORT: '4003' });
    expect(other.services['financial-data-service']!.ports![0]).toBe('127.0.0.1:4001:3001');
    expect(other.services['object-store']).toMatchObject({
      ports: ['127.0.0.1:4002:9000', '127.0.0.1:4003:9001'],
      environment: {
        VGW_WEBUI_GATEWAYS: 'http://localhost:4002',
        VGW_CORS_ALLOW_ORIGIN: 'http://localhost:4003',
      },
    });
  });

  it('has the promised names and passwords by default', () => {
    expect(services['object-store']!.environment).toMatchObject({
      ROOT_ACCESS_KEY: 'admin',
      ROOT_SECRET_KEY: 'password123',
    });
    expect(services['grafana']!.environment).toMatchObject({
      GF_SECURITY_ADMIN_USER: 'admin',
      GF_SECURITY_ADMIN_PASSWORD: 'admin',
    });
  });

  it('gives the service settings that it knows, and that are valid', () => {
    const { environment } = services['financial-data-service']!;
    const known = describeVariables().flatMap(({ name, aliases }) => [name, ...aliases]);
    for (const name of Object.keys(environment!))
      expect([...known, 'NODE_OPTIONS']).toContain(name);
    expect(new URL(loadConfig(environment!).redisUrl).hostname).toBe('redis');
  });

  it('gives the service the memory that the chart gives it, and the limits that fit into it', () => {
    const { environment, mem_limit: limit } = services['financial-data-service']!;
    const chart = parse(readFileSync('helm/econ-graph-financial-data/values.yaml', 'utf8')) as {
      config: Record<string, unknown>;
      nodeOptions: string;
      resources: { limits: { memory: string } };
    };
    expect(`${limit.toUpperCase()}i`).toBe(chart.resources.limits.memory);
    expect(environment).toMatchObject({
      NODE_OPTIONS: chart.nodeOptions,
      FLIGHT_PUT_BYTES_MAX: String(chart.config['FLIGHT_PUT_BYTES_MAX']),
    });
  });

  it('gives the service longer to stop than it takes', () => {
    const { stop_grace_period: period } = services['financial-data-service']!;
    const { shutdownDelayMilliseconds, shutdownGraceMilliseconds } = loadConfig({});
    const seconds = Number(/^(\d+)s$/.exec(period!)![1]);
    // A flush takes its time besides.
    expect(seconds * 1000).toBeGreaterThanOrEqual(
      shutdownDelayMilliseconds + 2 * shutdownGraceMilliseconds,
    );
  });

  it.each(each)('$name can do no more than it has to', ({ service }) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      restart: 'unless-stopped',
      logging: { driver: 'json-file', options: { 'max-size': '10m' } },
    });
    const forbidden = ['privileged', 'cap_add', 'network_mode', 'pid', 'ipc', 'userns_mode'];
    for (const key of [...forbidden, 'devices']) expect(service).not.toHaveProperty(key);
  });

  it.each(each)('$name says how it is', ({ service: { healthcheck } }) => {
    expect(healthcheck).not.toHaveProperty('disable');
    expect(healthcheck.test[0]).toMatch(/^CMD(-SHELL)?$/);
    expect(healthcheck).toMatchObject({
      interval: expect.stringMatching(/^\d+s$/) as string,
      timeout: expect.stringMatching(/^\d+s$/) as string,
      retries: expect.any(Number) as number,
    });
    // Docker before 25 refuses it, and so does Podman.
    expect(healthcheck).not.toHaveProperty('start_interval');
  });

  it('fits a laptop', () => {
    const megabytes = each.map(({ service }) => {
      const [, count, unit] = /^(\d+)([mg])$/.exec(service.mem_limit)!;
      return Number(count) * (unit === 'g' ? 1024 : 1);
    });
    expect(megabytes.reduce((sum, limit) => sum + limit, 0)).toBeLessThanOrEqual(3072);
  });

  it('starts in an order that ends, and needs none of what it waits for', () => {
    const started = new Set<string>();
    const start = (name: string, waiting: readonly string[]): void => {
      expect(waiting, 'a circle').not.toContain(name);
      expect(services, name).toHaveProperty(name);
      for (const [needed, dependency] of Object.entries(services[name]!.depends_on ?? {})) {
        expect(dependency.required).toBe(false);
        // Prometheus is there for a service that does not come up.
        expect(dependency.condition).toBe(
          name === 'prometheus' ? 'service_started' : 'service_healthy',
        );
        start(needed, [...waiting, name]);
      }
      started.add(name);
    };
    start('grafana', []);
    expect([...started]).toEqual(['redis', 'financial-data-service', 'prometheus', 'grafana']);
    expect(services['object-store']).not.toHaveProperty('depends_on');
  });

  it('mounts only what is in the repository, and that read-only', () => {
    const binds = each.flatMap(({ service }) => mountsOf(service).filter(({ isBind }) => isBind));
    expect(binds.length).toBeGreaterThan(0);
    for (const { source, readOnly } of binds) {
      expect(source).toMatch(/^\.\/monitoring\//);
      expect(existsSync(source), source).toBe(true);
      expect(readOnly, source).toBe(true);
    }
  });

  it('keeps what must be kept in volumes that are declared, each once', () => {
    const named = each.flatMap(({ service }) => mountsOf(service).filter(({ isBind }) => !isBind));
    expect(named.map(({ source }) => source)).toEqual(Object.keys(file.volumes));
    expect(named.map(({ target }) => target)).toEqual([
      '/app/data',
      '/data',
      '/users',
      '/prometheus',
      '/var/lib/grafana',
    ]);
  });
});

describe('Redis', () => {
  it('is a cache: bounded, below the limit of its container, and nothing of it on a disk', () => {
    const { command, mem_limit: limit, volumes } = services['redis']!;
    expect(command!.join(' ')).toBe(
      'valkey-server --maxmemory 128mb --maxmemory-policy allkeys-lru --save  --appendonly no --protected-mode no',
    );
    expect(limit).toBe('256m');
    expect(volumes).toBeUndefined();
  });
});
