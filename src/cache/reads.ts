// What the fields of the schema say of themselves, so that an answer can be kept exactly as long as it is
// right: extensions of theirs. A field with a resolver that says nothing makes its answers uncacheable, so
// forgetting one is harmless.

import type { Type } from '@nestjs/common';
import { Extensions } from '@nestjs/graphql';
import type { Uuid } from '../core/uuid.js';

/** Series whose metadata or points decide what a field answers. */
export type SeriesRead = (parent: never, args: never) => Uuid | readonly Uuid[];

/**
 * What a field reads beyond what its parent has read: nothing; the metadata of all series and the sources;
 * everything; something that has no version, such as a clock; or given series.
 */
export type Reads = 'nothing' | 'catalogue' | 'everything' | 'unversioned' | SeriesRead;

interface ReadsExtension {
  readonly reads: Reads;
  readonly resolver: ResolverMethod;
}

/** The method that answers a field. */
export interface ResolverMethod {
  readonly type: Type;
  readonly name: string;
}

/** For methods that answer fields: what they read. */
export function ReadsOf(reads: Reads): MethodDecorator {
  return (target, name, descriptor) => {
    const resolver = { type: target.constructor as Type, name: String(name) };
    Extensions({ reads, resolver } satisfies ReadsExtension)(target, name, descriptor);
  };
}

/** For the fields of a series. */
export function ReadsItsSeries(): MethodDecorator {
  return ReadsOf(({ id }: { readonly id: Uuid }) => id);
}

/** For fields with an argument that names the series. */
export function ReadsSeriesOf(argument: string): MethodDecorator {
  type Args = Readonly<Record<string, Uuid | readonly Uuid[]>>;
  return ReadsOf((_parent: unknown, args: Args) => args[argument]!);
}

/** What was declared of a field with these extensions. */
export function declaredReads(extensions: Readonly<Record<string, unknown>>): Reads | undefined {
  return (extensions as Partial<ReadsExtension>).reads;
}

/** The method that answers a field with these extensions. */
export function resolverMethodOf(
  extensions: Readonly<Record<string, unknown>>,
): ResolverMethod | undefined {
  return (extensions as Partial<ReadsExtension>).resolver;
}
