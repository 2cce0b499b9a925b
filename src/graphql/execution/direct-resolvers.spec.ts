import { ParseIntPipe, UseGuards, UseInterceptors, type CanActivate } from '@nestjs/common';
import { ApplicationConfig, ModuleRef } from '@nestjs/core';
import { Args, ArgsType, Context, Field, Info, Int, Parent } from '@nestjs/graphql';
import { Max } from 'class-validator';
import type { GraphQLResolveInfo } from 'graphql';
import { describe, expect, it } from 'vitest';
import { ReadsOf } from '../../cache/reads.js';
import { ArgumentValidationPipe } from '../argument-validation.pipe.js';
import { DirectResolvers } from './direct-resolvers.js';

@ArgsType()
class PageArgs {
  @Field(() => Int)
  @Max(10)
  readonly limit: number = 5;
}

class Guard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

class Fields {
  readonly name = 'fields';

  @ReadsOf('nothing')
  plain(
    @Context() context: object,
    @Args() page: PageArgs,
    @Parent() parent: object,
    @Info() info: GraphQLResolveInfo,
    @Args('id') id: string,
  ) {
    return { self: this.name, context, page, parent, info, id };
  }

  @ReadsOf('nothing')
  @UseGuards(Guard)
  guarded() {
    return 'past the guard';
  }

  @ReadsOf('nothing')
  @UseInterceptors({ intercept: (_, next) => next.handle() })
  intercepted() {
    return 'past the interceptor';
  }

  @ReadsOf('nothing')
  piped(@Args('id', ParseIntPipe) id: number) {
    return id;
  }
}

@UseGuards(Guard)
class GuardedFields {
  @ReadsOf('nothing')
  plain() {
    return 'past the guard';
  }
}

/** As `ReadsOf` notes it on the field of a method. */
function extensionsOf(type: new () => object, name: string): Record<string, unknown> {
  return { reads: 'nothing', resolver: { type, name } };
}

function directly(application = new ApplicationConfig()) {
  const pipe = new ArgumentValidationPipe();
  application.addGlobalPipe(pipe);
  const instances = new Map<unknown, object>([
    [Fields, new Fields()],
    [GuardedFields, new GuardedFields()],
  ]);
  const modules = { get: (type: unknown) => instances.get(type) } as unknown as ModuleRef;
  return new DirectResolvers(modules, application, pipe);
}

const [parent, context, info] = [{ id: 'p' }, { request: 1 }, { fieldName: 'plain' }];

describe('a resolver method', () => {
  const resolve = directly().of(extensionsOf(Fields, 'plain'))!;
  const call = (args: object) =>
    resolve(parent, args, context, info as unknown as GraphQLResolveInfo);

  it('is given what its parameters ask for, and is called on its instance', () => {
    const args = { limit: 3, id: 'x' };
    const answer = call(args) as ReturnType<Fields['plain']>;
    expect(answer).toMatchObject({ self: 'fields', id: 'x' });
    expect(answer.page).toBeInstanceOf(PageArgs);
    expect(answer.page.limit).toBe(3);
    expect([answer.parent, answer.context, answer.info]).toEqual([parent, context, info]);
  });

  it('is not called with arguments that break their rules', () => {
    expect(() => call({ limit: 11, id: 'x' })).toThrow('limit must not be greater than 10');
  });
});

describe('a resolver method keeps the wrapper of Nest', () => {
  it.each([
    ['a guard', Fields, 'guarded'],
    ['an interceptor', Fields, 'intercepted'],
    ['a pipe at a parameter', Fields, 'piped'],
    ['a guard of its class', GuardedFields, 'plain'],
  ])('where it has %s', (_, type, name) => {
    expect(directly().of(extensionsOf(type, name))).toBeUndefined();
  });

  it.each([
    ['guards', (application: ApplicationConfig) => application.useGlobalGuards(new Guard())],
    [
      'pipes other than ours',
      (application: ApplicationConfig) => application.useGlobalPipes(new ParseIntPipe()),
    ],
  ])('where the application has %s', (_, add) => {
    const application = new ApplicationConfig();
    add(application);
    expect(directly(application).of(extensionsOf(Fields, 'plain'))).toBeUndefined();
  });

  it('where nothing is known of it', () => {
    expect(directly().of({})).toBeUndefined();
  });
});
