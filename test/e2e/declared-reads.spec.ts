// What keeps answers from being stale is that fields say what they read: all of them.

import { GraphQLSchemaHost } from '@nestjs/graphql';
import { isIntrospectionType, isObjectType, type GraphQLField } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declaredReads } from '../../src/cache/reads.js';
import { DirectResolvers } from '../../src/graphql/execution/direct-resolvers.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

/** All fields of what queries answer, by type and name. */
function fields(): [string, GraphQLField<unknown, unknown>][] {
  const { schema } = app.app.get(GraphQLSchemaHost);
  const found: [string, GraphQLField<unknown, unknown>][] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    if (type === schema.getMutationType()) continue;
    for (const field of Object.values(type.getFields())) {
      found.push([`${type.name}.${field.name}`, field]);
    }
  }
  return found;
}

describe('a field with a resolver of ours', () => {
  it('says what it reads', () => {
    const silent = fields()
      // Nest's resolvers of properties take the parent and nothing else.
      .filter(([, { resolve }]) => resolve !== undefined && resolve.length !== 1)
      .filter(([, { extensions }]) => declaredReads(extensions) === undefined);
    expect(silent.map(([name]) => name)).toEqual([]);
  });

  it('is told from a property by its parameters', () => {
    const resolved = fields()
      .filter(([, { resolve }]) => resolve !== undefined && resolve.length !== 1)
      .map(([name]) => name);
    for (const name of ['Query.series', 'EconomicSeries.dataPoints', 'EconomicSeries.source']) {
      expect(resolved).toContain(name);
    }
    expect(resolved).not.toContain('EconomicSeries.title');
    expect(resolved.length).toBeGreaterThan(25);
  });

  it('declares nothing where it is a property: that would be for nothing', () => {
    const declaring = fields()
      .filter(([, { resolve }]) => resolve?.length === 1)
      .filter(([, { extensions }]) => declaredReads(extensions) !== undefined);
    expect(declaring.map(([name]) => name)).toEqual([]);
  });

  it('is called without the wrapper of Nest, which takes longer than most of them', () => {
    const directly = app.app.get(DirectResolvers);
    const wrapped = fields()
      .filter(([, { extensions }]) => declaredReads(extensions) !== undefined)
      .filter(([, { extensions }]) => directly.of(extensions) === undefined);
    expect(wrapped.map(([name]) => name)).toEqual([]);
  });
});
