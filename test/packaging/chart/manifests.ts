// The chart as Helm renders it, as objects.

import { spawnSync } from 'node:child_process';
import { parseAllDocuments } from 'yaml';
import { helmPath, HOW_TO_GET_HELM } from '../../../scripts/helm.mjs';

export const CHART = 'helm/econ-graph-financial-data';

const HELM = helmPath();

/** Tests of the chart are skipped where there is no Helm; under CI they fail. */
export const RUNS_HELM = HELM !== undefined || process.env['CI'] !== undefined;

/** An object of Kubernetes, or a part of one; the tests are about its shape. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

/** As in a file of values. */
export type Values = Record<string, unknown>;

export interface Rendered {
  readonly status: number | null;
  readonly stderr: string;
  readonly text: string;
  readonly manifests: Json[];
}

export function runHelm(args: readonly string[], input = ''): ReturnType<typeof spawnSync> {
  if (!HELM) throw new Error(HOW_TO_GET_HELM);
  return spawnSync(HELM, args, { input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}

/** What `helm install financial-data` would apply, with these values over the defaults. */
export function render(values: Values = {}, args: readonly string[] = [], chart = CHART): Rendered {
  const { status, stdout, stderr } = runHelm(
    [
      ...['template', 'financial-data', chart, '--namespace', 'data', '--kube-version', '1.34.0'],
      ...['--values', '-', ...args],
    ],
    JSON.stringify(values),
  );
  const text = String(stdout);
  const manifests = parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw document.errors[0]!;
    return document.toJSON();
  });
  return { status, stderr: String(stderr), text, manifests: manifests.filter(Boolean) };
}

export function ofKind(manifests: readonly Json[], kind: string, name?: string): Json {
  const found = manifests.filter(
    (manifest) => manifest.kind === kind && (!name || manifest.metadata.name === name),
  );
  if (found.length !== 1) throw new Error(`${found.length} manifests are ${kind} ${name ?? ''}`);
  return found[0];
}

/** The specifications of all pods that the manifests lead to, by what makes them. */
export function podSpecs(manifests: readonly Json[]): [name: string, spec: Json][] {
  return manifests.flatMap(({ kind, metadata, spec }): [string, Json][] => {
    if (kind === 'Pod') return [[`Pod ${metadata.name}`, spec]];
    return spec?.template?.spec ? [[`${kind} ${metadata.name}`, spec.template.spec]] : [];
  });
}

/** A copy with one value set at a path of keys joined by dots. */
export function withValue(values: Values, path: string, value: unknown): Values {
  const copy = structuredClone(values);
  const keys = path.split('.');
  let at: Json = copy;
  for (const key of keys.slice(0, -1)) at = at[key] ??= {};
  at[keys.at(-1)!] = value;
  return copy;
}
