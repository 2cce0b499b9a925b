// Calls resolver methods without Nest's wrapper around them. The wrapper makes a dozen promises for each field, for
// guards, interceptors and pipes that are nearly all empty; a small answer spends a third of its time there. What the
// wrapper does is done here in one step, and a method with anything around it that is not done here keeps its wrapper.

import type { Type } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PARAMTYPES_METADATA,
  PIPES_METADATA,
  ROUTE_ARGS_METADATA,
} from '@nestjs/common/constants.js';
import { ApplicationConfig, ModuleRef } from '@nestjs/core';
import { createArgsMapper } from '@nestjs/graphql/dist/utils/map-args-to-props.util.js';
import type { GraphQLResolveInfo } from 'graphql';
import { resolverMethodOf } from '../../cache/reads.js';
import { ArgumentValidationPipe } from '../argument-validation.pipe.js';

export type Resolve = (
  parent: unknown,
  args: unknown,
  context: object,
  info: GraphQLResolveInfo,
) => unknown;

/** Of Nest: how a parameter is decorated, by the number of its kind and its place. */
type ParameterMetadata = Readonly<
  Record<string, { readonly index: number; readonly data?: unknown; readonly pipes?: unknown[] }>
>;

/** Of Nest (`GqlParamtype`, which it does not export). */
enum ParameterKind {
  PARENT = '0',
  CONTEXT = '1',
  INFO = '2',
  ARGS = '3',
}

const ENHANCERS = [
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
  EXCEPTION_FILTERS_METADATA,
];

@Injectable()
export class DirectResolvers {
  private readonly resolvers = new Map<object, Resolve | undefined>();
  private areEnhanced: boolean | undefined;

  constructor(
    private readonly modules: ModuleRef,
    private readonly application: ApplicationConfig,
    private readonly pipe: ArgumentValidationPipe,
  ) {}

  /**
   * @param extensions of the field
   * @returns undefined where only Nest knows how to call the method
   */
  of(extensions: Readonly<Record<string, unknown>>): Resolve | undefined {
    const method = resolverMethodOf(extensions);
    if (!method) return undefined;
    if (!this.resolvers.has(method)) {
      this.areEnhanced ??= this.isEverythingEnhanced();
      const direct = this.areEnhanced ? undefined : this.direct(method.type, method.name);
      this.resolvers.set(method, direct);
    }
    return this.resolvers.get(method);
  }

  /** Whether there is anything around all methods beside our pipe. */
  private isEverythingEnhanced(): boolean {
    const { application } = this;
    const enhancers = [
      application.getGlobalGuards(),
      application.getGlobalInterceptors(),
      application.getGlobalRequestGuards(),
      application.getGlobalRequestInterceptors(),
      application.getGlobalRequestPipes(),
      application.getGlobalPipes().filter((pipe) => pipe !== this.pipe),
    ];
    return enhancers.some((some) => some.length > 0);
  }

  private direct(type: Type, name: string): Resolve | undefined {
    const prototype = type.prototype as Readonly<Record<string, unknown>>;
    const call = prototype[name];
    if (typeof call !== 'function' || isEnhanced(type) || isEnhanced(call)) return undefined;
    const parameters = this.parameters(type, name);
    if (!parameters) return undefined;
    const instance = this.modules.get<object>(type, { strict: false });
    const mapArgs = createArgsMapper(type, name);
    return (parent, args, context, info) => {
      const mapped: unknown = mapArgs ? mapArgs(args) : args;
      const values = parameters.map((valueOf) => valueOf?.(parent, mapped, context, info));
      return Reflect.apply(call, instance, values) as unknown;
    };
  }

  /** What each parameter is given; undefined where one of them is of a kind that only Nest knows. */
  private parameters(type: Type, name: string): (Resolve | undefined)[] | undefined {
    const metadata = Reflect.getMetadata(ROUTE_ARGS_METADATA, type, name) as
      ParameterMetadata | undefined;
    const types = Reflect.getMetadata(PARAMTYPES_METADATA, type.prototype as object, name) as
      Type[] | undefined;
    const parameters: (Resolve | undefined)[] = [];
    for (const [key, { index, data, pipes = [] }] of Object.entries(metadata ?? {})) {
      const [kind] = key.split(':');
      const valueOf = this.parameter(kind, data, types?.[index]);
      if (!valueOf || pipes.length > 0) return undefined;
      parameters[index] = valueOf;
    }
    return Array.from(parameters);
  }

  private parameter(
    kind: string | undefined,
    data: unknown,
    metatype: Type | undefined,
  ): Resolve | undefined {
    const name = typeof data === 'string' ? data : undefined;
    switch (kind) {
      case ParameterKind.PARENT:
        return (parent) => parent;
      case ParameterKind.CONTEXT:
        return name === undefined ? (_parent, _args, context) => context : undefined;
      case ParameterKind.INFO:
        return name === undefined ? (_parent, _args, _context, info) => info : undefined;
      case ParameterKind.ARGS:
        return (_, args) => {
          const value = name === undefined ? args : (args as Record<string, unknown>)[name];
          return this.pipe.transform(value, { type: 'body', metatype, data: name });
        };
      default:
        return undefined;
    }
  }
}

function isEnhanced(target: object): boolean {
  return ENHANCERS.some((key) => Reflect.hasMetadata(key, target));
}
