// The chart's values.yaml, with the comments that stand above its keys. README.md and values.schema.json are made from them.

import { readFileSync } from 'node:fs';
import { isMap, isScalar, parseDocument } from 'yaml';

const VALUES = 'helm/econ-graph-financial-data/values.yaml';

/**
 * @typedef {object} Value
 * @property {string} path keys joined by dots
 * @property {string} key
 * @property {string} description the comment above the key, as one paragraph
 * @property {unknown} value the default
 * @property {Value[]} children of a map that is not empty
 */

/** The keys of the topmost level. @returns {Value[]} */
export function readValues() {
  const document = parseDocument(readFileSync(VALUES, 'utf8'));
  if (document.errors.length > 0) throw document.errors[0];
  return childrenOf(document.contents, '');
}

function childrenOf(map, prefix) {
  return map.items.map(({ key, value }, index) => {
    const path = `${prefix}${key.value}`;
    // The comment above the first key of a map belongs to the map.
    const comment = key.commentBefore ?? (index === 0 ? map.commentBefore : undefined);
    return {
      path,
      key: key.value,
      description: paragraph(comment ?? ''),
      value: isScalar(value) ? value.value : value.toJSON(),
      children: isMap(value) ? childrenOf(value, `${path}.`) : [],
    };
  });
}

/** The last one: what stands before an empty line is about the file, not about the key. */
function paragraph(comment) {
  return comment
    .split(/\n\s*\n/)
    .at(-1)
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
    .trim();
}
