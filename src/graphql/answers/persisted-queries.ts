import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

/** Front ends register tens of queries; what is forgotten is registered anew by whoever asks next. */
const CHARACTERS_MAX = 8_388_608;
const QUERY_CHARACTERS_MAX = 262_144;

/**
 * Texts of automatic persisted queries, by name; the interface that Apollo expects of such a store. Apollo
 * registers what it is sent, and both it and the answers before it look texts up here.
 */
@Injectable()
export class PersistedQueries {
  private readonly texts = new LRUCache<string, string>({
    maxSize: CHARACTERS_MAX,
    maxEntrySize: QUERY_CHARACTERS_MAX,
    sizeCalculation: (text, name) => text.length + name.length,
  });

  /** @param hash lower-case hexadecimal SHA-256 of the text */
  text(hash: string): string | undefined {
    return this.texts.get(`${APOLLO_PREFIX}${hash}`);
  }

  keep(hash: string, text: string): void {
    this.texts.set(`${APOLLO_PREFIX}${hash}`, text);
  }

  get(name: string): Promise<string | undefined> {
    return Promise.resolve(this.texts.get(name));
  }

  set(name: string, text: string): Promise<void> {
    this.texts.set(name, text);
    return Promise.resolve();
  }

  delete(name: string): Promise<boolean> {
    return Promise.resolve(this.texts.delete(name));
  }
}

/** What Apollo puts before the hashes. */
const APOLLO_PREFIX = 'apq:';
