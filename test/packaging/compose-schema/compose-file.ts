// docker-compose.yml as Compose sees it: variables replaced, merge keys resolved.

import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export const COMPOSE_PATH = 'docker-compose.yml';

export interface Dependency {
  readonly condition: string;
  readonly required?: boolean;
}

export interface ComposeService {
  readonly image: string;
  readonly build?: string;
  readonly container_name?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck: Readonly<Record<string, unknown>> & { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, Dependency>>;
  readonly mem_limit: string;
  readonly stop_grace_period?: string;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const VARIABLE = /\$\{([A-Z0-9_]+):-([^}]*)\}/g;

export interface Variable {
  readonly name: string;
  readonly byDefault: string;
}

/** The variables of the file, each with its default. */
export function composeVariables(): Variable[] {
  return Array.from(readFileSync(COMPOSE_PATH, 'utf8').matchAll(VARIABLE), ([, name, value]) => ({
    name: name!,
    byDefault: value!,
  }));
}

/** @throws where the file uses a variable without a default, which a plain `docker compose up` would not have. */
export function composeFile(environment: Readonly<Record<string, string>> = {}): ComposeFile {
  const text = readFileSync(COMPOSE_PATH, 'utf8').replaceAll(
    VARIABLE,
    (_, name: string, byDefault: string) => environment[name] ?? byDefault,
  );
  const left = /\$[{A-Za-z].*/.exec(text);
  if (left) throw new Error(`a variable without a default: ${left[0]}`);
  return parse(text, { merge: true }) as ComposeFile;
}

export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** A path of the checkout rather than the name of a volume. */
  readonly isBind: boolean;
}

export function mountsOf(service: ComposeService): Mount[] {
  return (service.volumes ?? []).map((text) => {
    const [source, target, mode] = text.split(':');
    return {
      source: source!,
      target: target!,
      readOnly: mode === 'ro',
      isBind: /^[./]/.test(source!),
    };
  });
}
