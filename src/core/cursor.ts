// Cursors are opaque to callers: a kind, which tells those of different lists apart, and values, in base64url.

/** The text of a cursor; what it says is known only once it is decoded. */
export type Cursor = string & { readonly __brand: 'Cursor' };

export const Cursor = {
  encode(kind: string, values: readonly (string | number | null)[]): Cursor {
    return Buffer.from(JSON.stringify([kind, ...values])).toString('base64url') as Cursor;
  },

  /** The values, or undefined where the text is no cursor of that kind. */
  decode(kind: string, text: string): readonly unknown[] | undefined {
    let parts: unknown;
    try {
      parts = JSON.parse(Buffer.from(text, 'base64url').toString());
    } catch {
      // Not JSON, so not from here.
      return undefined;
    }
    if (!Array.isArray(parts) || parts[0] !== kind) return undefined;
    return parts.slice(1) as unknown[];
  },
};
