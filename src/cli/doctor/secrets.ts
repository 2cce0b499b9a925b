// Takes secrets out of whatever is going to be shown: by their form, as the log does, and by their value, because
// nothing in a message says that a bare word is a password.

import { describeVariables } from '../../config/environment.js';
import { parseRedisAddress } from '../../config/redis-address.js';
import { REDACTED, redactedText } from '../../logging/redaction.js';

/** Shorter ones would blacken ordinary words, and are no secrets. */
const CHARACTERS_MIN = 4;

/** The password of an address that is not one by our rules, and so was refused. */
const PASSWORD_IN_ADDRESS = /\/\/[^@/\s]*?:([^@/\s]+)@/g;

export class Secrets {
  private readonly values: readonly string[];

  constructor(environment: NodeJS.ProcessEnv) {
    const settings = describeVariables()
      .filter(({ secret }) => secret)
      .flatMap(({ name, aliases }) => [name, ...aliases])
      .flatMap((name) => environment[name] ?? []);
    const values = settings.flatMap((value) => [value, ...passwordsOf(value)]);
    this.values = [...new Set(values)]
      .filter((value) => value.length >= CHARACTERS_MIN)
      // The address before the password within it.
      .toSorted((a, b) => b.length - a.length);
  }

  hide(text: string): string {
    return redactedText(this.hideValues(text));
  }

  /** For text of our own, in which names such as QUERY_TOKENS_MAX stand before values that are no secrets. */
  hideValues(text: string): string {
    return this.values.reduce((rest, value) => rest.replaceAll(value, REDACTED), text);
  }
}

function passwordsOf(address: string): string[] {
  const written = [...address.matchAll(PASSWORD_IN_ADDRESS)].map(([, password]) => password!);
  return [...written, parseRedisAddress(address)?.password ?? ''];
}
