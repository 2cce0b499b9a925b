// helm/econ-graph-financial-data/README.md: what people need to know first, from readme.md beside this file, and every value.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readValues } from './values.mjs';

const PLACE = '<!-- values -->';

/** The text of the README. */
export function chartReadme() {
  const text = readFileSync(join(import.meta.dirname, 'readme.md'), 'utf8');
  const table = ['| value | default | meaning |', '|---|---|---|', ...readValues().flatMap(rowsOf)];
  const note =
    '<!-- Generated from values.yaml and scripts/chart/readme.md by npm run generate; do not edit. -->';
  const whole = text.replace(PLACE, () => table.join('\n'));
  // Not formatted: the table's longest default would widen all of its rows.
  return `${note}\n\n${whole}`;
}

/** A row for each value; a map whose parts need no words of their own is one value. */
function rowsOf({ path, description, value, children }) {
  if (!children.some((child) => isDescribed(child))) return [row(path, value, description)];
  const own = description === '' ? [] : [row(path, undefined, description)];
  return [...own, ...children.flatMap(rowsOf)];
}

function isDescribed({ description, children }) {
  return description !== '' || children.some(isDescribed);
}

function row(path, value, description) {
  const shown = value === undefined ? '' : `\`${JSON.stringify(value).replaceAll('|', '\\|')}\``;
  return `| \`${path}\` | ${shown} | ${description.replaceAll('|', '\\|')} |`;
}
