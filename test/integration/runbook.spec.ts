// docs/runbook.md, tied to what it speaks of: alerts, error codes, checks, settings, metrics, commands, other pages.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BASE_BYTES, BYTES_PER_SERIES } from '../../src/cli/doctor/machine-checks.js';
import { SECTIONS } from '../../src/cli/doctor/service-checks.js';
import { describeVariables } from '../../src/config/environment.js';
import { ERROR_CATALOGUE } from '../../src/core/app-error.js';
import { INTERNAL_ERROR, REQUEST_ERRORS } from '../../src/graphql/error-format.js';
import { METRICS } from '../../src/metrics/all-metrics.js';

const RUNBOOK = 'docs/runbook.md';
const RULES = 'monitoring/prometheus';
const text = readFileSync(RUNBOOK, 'utf8');

const codes = [
  ...Object.keys(ERROR_CATALOGUE),
  ...(REQUEST_ERRORS as ReadonlySet<string>),
  INTERNAL_ERROR,
];

interface Rules {
  readonly groups?: readonly {
    readonly rules: readonly { alert?: string; annotations?: Record<string, string> }[];
  }[];
}

const rules = readdirSync(RULES)
  .filter((name) => name.endsWith('.yml'))
  .map((name) => parse(readFileSync(join(RULES, name), 'utf8')) as Rules)
  .flatMap(({ groups }) => groups ?? [])
  .flatMap((group) => group.rules)
  .filter(({ alert }) => alert !== undefined);
const alerts = [...new Set(rules.map(({ alert }) => alert!))];

/** The text under a heading, up to the next one of its level. */
function chapter(heading: string): string {
  const level = heading.split(' ')[0]!;
  const [, after = ''] = text.split(`\n${heading}\n`);
  return after.split(new RegExp(`^#{1,${level.length}} `, 'm'))[0]!;
}

/** As GitHub makes links of headings. */
function anchorsOf(markdown: string): Set<string> {
  const headings = [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{Letter}\p{Number}_\- ]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** What is written as code, within lines. */
const spans = [...text.replace(/^```.*?^```/gms, '').matchAll(/`([^`]+)`/g)].map(
  ([, code]) => code!,
);

/** Every command of the service, from the files that have one each. */
async function commands(): Promise<string[]> {
  const names = readdirSync('src/cli')
    .filter((name) => name.endsWith('.command.ts'))
    .map((name) => name.replace('.command.ts', ''));
  const modules = await Promise.all(
    names.map(
      (name) => import(`../../src/cli/${name}.command.ts`) as Promise<Record<string, unknown>>,
    ),
  );
  return modules
    .flatMap((module) => Object.values(module))
    .map((make) => (typeof make === 'function' ? (make as () => unknown)() : undefined))
    .filter((command) => command instanceof Command)
    .map((command) => command.name());
}

describe('docs/runbook.md', () => {
  it('has a section for every alert, and for nothing else', () => {
    const sections = [...chapter('## Alerts').matchAll(/^### (.*)$/gm)].map(([, name]) => name!);
    expect(alerts.length).toBeGreaterThan(5);
    expect(sections.toSorted()).toEqual(alerts.toSorted());
  });

  it.each(alerts)('says of %s what it means, what to look at and what to do', (alert) => {
    for (const part of ['Means', 'Look at', 'Do']) {
      expect(chapter(`### ${alert}`)).toMatch(new RegExp(`^- \\*\\*${part}:\\*\\* \\S`, 'm'));
    }
  });

  it.each(rules)('is where the alert $alert leads to', ({ annotations }) => {
    const [file, anchor] = annotations!['runbook_url']!.split('#');
    expect(file).toBe(RUNBOOK);
    expect(anchorsOf(text)).toContain(anchor);
  });

  it('says for every error code what to do, once, and leads to what callers are told', () => {
    const rows = [
      ...chapter('## Error codes').matchAll(
        /^\| \[`(\w+)`\]\(errors\.md#(\w+)\) +\| [^|]*\S[^|]*\| [^|]*\S[^|]*\|$/gm,
      ),
    ];
    expect(rows.map(([, code]) => code!).toSorted()).toEqual(codes.toSorted());
    for (const [, code, anchor] of rows) expect(anchor).toBe(code!.toLowerCase());
  });

  it('leads on from every check of /health, and so does doctor', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' });
    const checks = files
      .filter((name) => name.endsWith('.health.ts'))
      .map((name) => readFileSync(join('src', name), 'utf8'))
      .flatMap((source) => [...source.matchAll(/indicators\.check\('(\w+)'\)/g)])
      .map(([, name]) => name!);
    expect(checks).toContain('disk_space');
    const rows = [...chapter('## Checks of health').matchAll(/^\| `(\w+)` +\|/gm)];
    expect(rows.map(([, name]) => name!).toSorted()).toEqual(checks.toSorted());
    expect(Object.keys(SECTIONS).toSorted()).toEqual(checks.toSorted());
  });

  it('has each section that doctor points to', () => {
    const folder = 'src/cli/doctor';
    const named = readdirSync(folder)
      .filter((name) => name.endsWith('-checks.ts'))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .flatMap((source) => [...source.matchAll(/(?:section:|section =|ANY_CHECK =) '([\w-]+)'/g)])
      .map(([, section]) => section!);
    expect(named.length).toBeGreaterThan(10);
    const anchors = anchorsOf(text);
    for (const section of [...named, ...Object.values(SECTIONS)]) {
      expect(anchors).toContain(section);
    }
  });

  it('names settings and codes that exist', () => {
    const settings = describeVariables().flatMap(({ name, aliases }) => [name, ...aliases]);
    const words = ['SIGTERM', 'EIO', 'ENOSPC', 'WRONGPASS', 'NOPERM'];
    const known = new Set([...settings, ...codes, ...words]);
    const named = spans.flatMap((span) => span.match(/\b[A-Z][A-Z0-9_]{2,}\b(?!\.md)/g) ?? []);
    // What stands for something else in a command.
    const unknown = named.filter((name) => !known.has(name) && !['FILE', 'GET'].includes(name));
    expect(named.length).toBeGreaterThan(30);
    expect([...new Set(unknown)]).toEqual([]);
  });

  it('names metrics that exist', () => {
    const known = new Set([
      ...Object.values(METRICS).flatMap((metrics) => metrics.map(({ name }) => name)),
      // Of the blackbox exporter.
      'probe_ssl_earliest_cert_expiry',
      ...Object.keys(SECTIONS),
    ]);
    const named = spans.filter((span) => /^[a-z]+(_[a-z]+)+$/.test(span));
    expect(named.length).toBeGreaterThan(15);
    expect([...new Set(named.filter((name) => !known.has(name)))]).toEqual([]);
  });

  it('names commands and scripts that exist', async () => {
    const named = [...text.matchAll(/econ-graph-financial-data ([a-z][a-z-]*)/g)];
    expect(named.length).toBeGreaterThan(3);
    const known = await commands();
    for (const [, name] of named) expect(known).toContain(name);
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: object };
    for (const [, name] of text.matchAll(/npm run ([\w:]+)/g))
      expect(scripts).toHaveProperty(name!);
    for (const [, path] of text.matchAll(/`node ([\w/.-]+)/g)) expect(existsSync(path!)).toBe(true);
  });

  it('leads only to pages and sections that are there', () => {
    const links = [...text.matchAll(/\]\(([^)#\s]*)(?:#([^)\s]*))?\)/g)];
    expect(links.length).toBeGreaterThan(30);
    for (const [link, path = '', anchor] of links) {
      const file = path === '' ? RUNBOOK : resolve(dirname(RUNBOOK), path);
      expect(existsSync(file), link).toBe(true);
      if (anchor) expect(anchorsOf(readFileSync(file, 'utf8')), link).toContain(anchor);
    }
  });

  it('calculates with the defaults of the settings, and as doctor does', () => {
    const of = (name: string) =>
      Number(describeVariables().find((variable) => variable.name === name)!.default) / 1e6;
    const parts = [
      // The example's 50,000 series.
      ...[BASE_BYTES / 1e6, (50_000 * BYTES_PER_SERIES) / 1e6],
      ...['CACHE_BYTES_MAX', 'RESPONSE_CACHE_BYTES_MAX', 'DELTA_BYTES_MAX'].map(of),
    ].map(Math.round);
    const total = parts.reduce((sum, part) => sum + part, 0);
    expect(text).toContain(`${parts.join(' + ')} = ${total} MB`);
  });
});
