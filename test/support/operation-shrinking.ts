// Smaller operations of the same kind, one piece less each: what a failure is told with.

import { Kind, parse, print, visit, type DocumentNode } from 'graphql';
import type { GraphqlRequest } from './graphql-http.js';

type Json = { [key: string]: Json } | Json[] | string | number | boolean | null | undefined;

/** Lists of a document whose elements it can do without, if it stays a document. */
const LISTS = new Set([
  'definitions',
  'selections',
  'arguments',
  'directives',
  'variableDefinitions',
  'fields',
  'values',
]);

/** Parts of a node that it can do without. */
function isOptional(key: string, kind: Json): boolean {
  return (
    key === 'alias' ||
    key === 'defaultValue' ||
    // An operation needs no name; everything else does.
    (key === 'name' && kind === 'OperationDefinition')
  );
}

export function* smallerRequests(request: GraphqlRequest): Generator<GraphqlRequest> {
  const { query, variables, operationName, ...rest } = request;
  if (operationName !== undefined) yield { ...request, operationName: undefined };
  if (typeof variables === 'object' && variables !== null) {
    const given = Object.keys(variables);
    if (given.length === 0) yield { ...rest, query, operationName } as GraphqlRequest;
    for (const name of given) {
      const { [name]: _, ...others } = variables as Record<string, unknown>;
      yield { ...request, variables: others };
    }
  }
  for (const text of smallerTexts(query ?? '')) yield { ...request, query: text };
}

function* smallerTexts(text: string): Generator<string> {
  const document = parsed(text);
  if (document === undefined) {
    // Not a document: any part of the text may do.
    for (let part = text.length >> 1; part > 0; part >>= 1) {
      for (let at = 0; at + part <= text.length; at += part) {
        yield text.slice(0, at) + text.slice(at + part);
      }
    }
    return;
  }
  const printed = print(document);
  if (printed !== text) yield printed;
  for (const smaller of without(document as unknown as Json)) {
    const candidate = print(smaller as unknown as DocumentNode);
    // What prints to no document is smaller, but of another kind.
    const again = candidate.length < printed.length ? parsed(candidate) : undefined;
    if (!again) continue;
    const tidy = print(withoutUnused(again));
    if (tidy !== candidate) yield tidy;
    yield candidate;
  }
}

/** Without the fragments and variables that nothing uses any more. */
function withoutUnused(document: DocumentNode): DocumentNode {
  const used = new Set<string>();
  visit(document, {
    FragmentSpread: ({ name }) => void used.add(`...${name.value}`),
    VariableDefinition: () => false,
    Variable: ({ name }) => void used.add(`$${name.value}`),
  });
  const tidy = visit(document, {
    FragmentDefinition: ({ name }) => (used.has(`...${name.value}`) ? undefined : null),
    VariableDefinition: ({ variable }) => (used.has(`$${variable.name.value}`) ? undefined : null),
  });
  const isSmaller = tidy.definitions.length < document.definitions.length;
  const hasOperation = tidy.definitions.some(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  return isSmaller && hasOperation ? withoutUnused(tidy) : tidy;
}

function parsed(text: string): DocumentNode | undefined {
  try {
    return parse(text, { noLocation: true });
  } catch {
    return undefined;
  }
}

/** The tree with one piece less, the large pieces first. */
function* without(node: Json): Generator<Json> {
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return;
  for (const [key, child] of Object.entries(node)) {
    if (Array.isArray(child) && LISTS.has(key)) {
      for (const index of child.keys()) yield { ...node, [key]: child.toSpliced(index, 1) };
      for (const [index, element] of child.entries()) {
        // What a fragment selects, in its place.
        const inner = innerSelections(element);
        if (inner) yield { ...node, [key]: child.toSpliced(index, 1, ...inner) };
      }
    }
    if (child !== undefined && isOptional(key, node['kind'])) yield { ...node, [key]: undefined };
  }
  for (const [key, child] of Object.entries(node)) {
    if (Array.isArray(child)) {
      for (const [index, element] of child.entries()) {
        for (const smaller of without(element)) {
          yield { ...node, [key]: child.with(index, smaller) };
        }
      }
    } else {
      for (const smaller of without(child)) yield { ...node, [key]: smaller };
    }
  }
}

function innerSelections(node: Json): Json[] | undefined {
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return undefined;
  if (node['kind'] !== 'InlineFragment') return undefined;
  const { selections } = node['selectionSet'] as { selections: Json[] };
  return selections;
}
