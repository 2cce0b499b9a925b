// Text that comes from callers must not begin a line of the log, move the cursor of whoever reads it, or turn the
// direction of what follows. JSON escapes what is below a space; these are the others that some tool acts upon.

/** DEL and C1 controls, line and paragraph separators, marks that turn the direction of text, lone surrogates. */
const UNSAFE_IN_JSON =
  /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;
const UNSAFE_IN_TEXT =
  /[\p{Control}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** @param json of one line: such characters can only be within its texts, so that what is parsed stays the same */
export function escapedJson(json: string): string {
  return json.replace(UNSAFE_IN_JSON, escaped);
}

/** For people: everything that a terminal would act upon is shown instead. */
export function visible(text: string): string {
  return text.replace(UNSAFE_IN_TEXT, (character) => {
    switch (character) {
      case '\n':
        return '\\n';
      case '\r':
        return '\\r';
      case '\t':
        return '\\t';
      default:
        return escaped(character);
    }
  });
}
