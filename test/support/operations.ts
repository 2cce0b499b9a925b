// Queries against the real schema, as fast-check draws and shrinks them: every shape that the language has,
// with arguments that mostly make sense, and now and then a fault. Never a mutation.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { buildSchema, type GraphQLSchema } from 'graphql';
import type { GraphqlRequest } from './graphql-http.js';
import { ArgumentSource, type DrawnVariable, type Vocabulary } from './operation-arguments.js';
import { smallerRequests } from './operation-shrinking.js';
import { misspelt, respaced } from './operation-text.js';
import { OperationWriter } from './operation-writer.js';
import { Random } from './random.js';

/** Sent after an operation, to whoever may take the one for the other. */
export type Variant =
  | { readonly kind: 'spacing'; readonly seed: number }
  | { readonly kind: 'variables'; readonly variables: Record<string, unknown> }
  | { readonly kind: 'operationName'; readonly operationName: string | null };

export interface Operation {
  readonly request: GraphqlRequest;
  readonly variants: readonly Variant[];
}

export interface OperationOptions {
  readonly known: Vocabulary;
  /** Of `Query`, each as often as it is in the list; all of them where it is not given. */
  readonly rootFields?: readonly string[];
}

const schema: GraphQLSchema = buildSchema(
  readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'),
);

export function operations(options: OperationOptions): fc.Arbitrary<Operation> {
  return new OperationArbitrary(options);
}

/** The operation itself, then its variants. */
export function requestsOf({ request, variants }: Operation): GraphqlRequest[] {
  const others = variants.map((variant): GraphqlRequest => {
    switch (variant.kind) {
      case 'spacing':
        return { ...request, query: respaced(request.query ?? '', new Random(variant.seed)) };
      case 'variables':
        return { ...request, variables: variant.variables };
      case 'operationName':
        return { ...request, operationName: variant.operationName };
    }
  });
  return [request, ...others];
}

class OperationArbitrary extends fc.Arbitrary<Operation> {
  constructor(private readonly options: OperationOptions) {
    super();
  }

  generate(numbers: fc.Random): fc.Value<Operation> {
    const random = new Random(numbers.nextInt(-(2 ** 31), 2 ** 31 - 1));
    return new fc.Value(drawOperation(random, this.options), undefined);
  }

  canShrinkWithoutContext(value: unknown): value is Operation {
    return typeof value === 'object' && value !== null && 'request' in value;
  }

  shrink(operation: Operation): fc.Stream<fc.Value<Operation>> {
    return fc.stream(smallerOperations(operation)).map((value) => new fc.Value(value, undefined));
  }
}

function* smallerOperations({ request, variants }: Operation): IterableIterator<Operation> {
  for (const index of variants.keys()) yield { request, variants: variants.toSpliced(index, 1) };
  // What made the difference may be the variant.
  for (const variant of requestsOf({ request, variants }).slice(1)) {
    yield { request: variant, variants: [] };
  }
  for (const smaller of smallerRequests(request)) yield { request: smaller, variants };
}

function drawOperation(random: Random, options: OperationOptions): Operation {
  const source = new ArgumentSource(options.known, random);
  const writer = new OperationWriter(schema, source, random, options.rootFields);
  const { text, names, variables } = writer.document();
  const query = random.chance(0.03)
    ? misspelt(text, random)
    : random.chance(0.3)
      ? respaced(text, random)
      : text;
  const values = variableValues(variables, source, random);
  const request: GraphqlRequest = {
    query,
    ...drawVariables(values, random),
    ...drawOperationName(names, random),
  };
  return { request, variants: drawVariants(random, source, variables, values, names) };
}

function variableValues(
  variables: readonly DrawnVariable[],
  source: ArgumentSource,
  random: Random,
  isFresh = false,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { name, type, about, value, isOptional } of variables) {
    if (random.chance(isOptional ? 0.3 : 0.005)) continue;
    if (random.chance(isOptional ? 0.08 : 0.005)) values[name] = null;
    else values[name] = isFresh ? source.value(type, about) : value;
  }
  if (random.chance(0.04)) values['unasked'] = random.pick([1, 'x', null, { a: [] }]);
  return values;
}

function drawVariables(values: Record<string, unknown>, random: Random): object {
  if (Object.keys(values).length > 0) return { variables: values };
  return random.pick([{}, {}, {}, { variables: {} }, { variables: null }]);
}

function drawOperationName(names: readonly string[], random: Random): object {
  const isAmbiguous = names.length > 1;
  if (random.chance(0.03)) return { operationName: random.pick(['Nope', '', null]) };
  if (names.length === 0 || !random.chance(isAmbiguous ? 0.9 : 0.4)) return {};
  return { operationName: random.pick(names) };
}

function drawVariants(
  random: Random,
  source: ArgumentSource,
  variables: readonly DrawnVariable[],
  values: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Variant[] {
  const drawn: Variant[] = [];
  if (random.chance(0.3)) drawn.push({ kind: 'spacing', seed: random.below(1_000_000) });
  if (variables.length > 0 && random.chance(0.3)) {
    drawn.push({ kind: 'variables', variables: variableValues(variables, source, random, true) });
  }
  if (variables.length > 0 && random.chance(0.6)) {
    // All the same but one, and that one as nothing, as null, and as something else.
    const { name, type, about } = random.pick(variables);
    const { [name]: _, ...others } = values;
    for (const one of [{}, { [name]: null }, { [name]: source.value(type, about) }]) {
      drawn.push({ kind: 'variables', variables: { ...others, ...one } });
    }
  }
  if (names.length > 1 && random.chance(0.7)) {
    drawn.push({ kind: 'operationName', operationName: random.pick([...names, null]) });
  }
  return drawn;
}
