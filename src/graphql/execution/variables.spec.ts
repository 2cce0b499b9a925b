import { buildSchema, getVariableValues, type OperationDefinitionNode, parse } from 'graphql';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VariableValues } from './variables.js';

const schema = buildSchema(`
  enum Order { UP DOWN }
  input Range { from: Int!, to: Int = 7, tags: [String!] }
  type Query { any(a: Int, b: Range, c: [Order!]): Int }
`);

const definition = parse(`query(
  $a: Int!, $b: Range, $c: [Order!] = [UP], $d: Int = null, $e: [Int], $f: Range = { from: 1 }, $g: String
) { any }`).definitions[0] as OperationDefinitionNode;

const values = new VariableValues(schema, definition);

function ofGraphqlJs(sent: Record<string, unknown>) {
  return getVariableValues(schema, definition.variableDefinitions ?? [], sent).coerced;
}

const leaf = fc.constantFrom<unknown>(null, 0, 3, 2.5, '3', 'UP', 'SIDEWAYS', true, [], {}, [
  'DOWN',
]);
const range = fc.record({ from: leaf, to: leaf, tags: leaf, other: leaf }, { requiredKeys: [] });
const value = fc.oneof(leaf, range, fc.array(leaf, { maxLength: 3 }));
const right = {
  a: fc.integer({ min: -5, max: 5 }),
  b: fc.constantFrom(null, { from: 1 }, { from: 2, to: null, tags: ['x', 'y'] }),
  c: fc.constantFrom(null, 'DOWN', ['UP', 'DOWN']),
  d: fc.constantFrom(null, 4),
  e: fc.constantFrom(null, 5, [null, 6]),
  f: fc.constantFrom({ from: 3 }),
  g: fc.string(),
  // Of no variable.
  h: value,
};
const mostly = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 9, arbitrary }, { weight: 1, arbitrary: value });
const sent = fc.record(
  Object.fromEntries(
    Object.entries(right).map(([name, arbitrary]) => [name, mostly<unknown>(arbitrary)]),
  ),
  { requiredKeys: [] },
);

describe('the variables of an operation', () => {
  it('are what graphql-js makes of them, whatever was sent', () => {
    fc.assert(
      fc.property(sent, (variables) => {
        expect(values.coerced(variables)).toEqual(ofGraphqlJs(variables));
      }),
      { numRuns: 2000 },
    );
  });

  it('are both right and wrong ones in this test', () => {
    const samples = fc.sample(sent, { numRuns: 2000, seed: 1 }).map((one) => values.coerced(one));
    expect(samples.filter((found) => found === undefined).length).toBeGreaterThan(100);
    expect(samples.filter((found) => found !== undefined).length).toBeGreaterThan(100);
  });
});
