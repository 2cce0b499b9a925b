// What the fields of the schema say of themselves, so that an answer can be kept exactly as long as it is
// right: extensions of theirs. A field with a resolver that says nothing makes its answers uncacheable, so
// forgetting one is harmless.

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
}

export function readsOf(reads: Reads): ReadsExtension & Record<string, unknown> {
  return { reads };
}

/** What was declared of a field with these extensions. */
export function declaredReads(extensions: Readonly<Record<string, unknown>>): Reads | undefined {
  return (extensions as Partial<ReadsExtension>).reads;
}

/** For the fields of a series. */
export const READS_ITS_SERIES = readsOf(({ id }: { readonly id: Uuid }) => id);

/** For fields with an argument that names the series. */
export function readsSeriesOf(argument: string): ReadsExtension & Record<string, unknown> {
  type Args = Readonly<Record<string, Uuid | readonly Uuid[]>>;
  return readsOf((_parent: unknown, args: Args) => args[argument]!);
}
