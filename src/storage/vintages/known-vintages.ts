// Which vintages were published of the series that were asked about last, so that a caller who publishes hundreds of
// them one by one does not have each call apply all the others again.

import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import type { PublishedVintages } from './published-vintages.js';

/** Hundreds of long series, or one that is as long as they go. */
const BYTES_MAX = 16 * 1024 * 1024;

interface Known {
  readonly version: Instant;
  readonly vintages: PublishedVintages;
  readonly bytes: number;
}

/** By series and version of its points. A set that somebody changes is not in here meanwhile. */
export class KnownVintages {
  /** The one that was kept last comes last. */
  private readonly entries = new Map<Uuid, Known>();
  private bytes = 0;

  constructor(private readonly bytesMax = BYTES_MAX) {}

  /** For who only looks, before anything else can run. */
  peek(id: Uuid, version: Instant | null): PublishedVintages | undefined {
    const entry = this.entries.get(id);
    return entry?.version === version ? entry.vintages : undefined;
  }

  /** For who changes it: until it is kept again, as of another version, nobody else finds it. */
  take(id: Uuid, version: Instant | null): PublishedVintages | undefined {
    const vintages = this.peek(id, version);
    if (vintages) this.remove(id);
    return vintages;
  }

  keep(id: Uuid, version: Instant, vintages: PublishedVintages): void {
    const before = this.entries.get(id);
    // Who read an older file was slower.
    if (before && before.version >= version) return;
    this.remove(id);
    const { bytes } = vintages;
    if (bytes > this.bytesMax) return;
    this.entries.set(id, { version, vintages, bytes });
    this.bytes += bytes;
    for (const oldest of this.entries.keys()) {
      if (this.bytes <= this.bytesMax) break;
      this.remove(oldest);
    }
  }

  private remove(id: Uuid): void {
    this.bytes -= this.entries.get(id)?.bytes ?? 0;
    this.entries.delete(id);
  }
}
