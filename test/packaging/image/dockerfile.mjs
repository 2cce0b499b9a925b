// The Dockerfile as plain values: for the rules that it has to keep, and for running its steps without an engine.

import { DockerfileParser } from 'dockerfile-ast';

/**
 * @returns the arguments before the first stage, and the stages with their instructions
 */
export function parseDockerfile(text) {
  const defaults = {};
  const stages = [];
  for (const found of DockerfileParser.parse(text).getInstructions()) {
    const instruction = plain(found);
    const stage = stages.at(-1);
    if (instruction.keyword === 'FROM') {
      const [image, , name = ''] = instruction.words;
      stages.push({ image, name, platform: instruction.flags.platform, instructions: [] });
    } else if (stage) stage.instructions.push(instruction);
    else if (instruction.keyword === 'ARG') Object.assign(defaults, pairsOf(instruction));
  }
  return { defaults, stages };
}

function plain(found) {
  const flags = found.getFlags?.() ?? [];
  const content = found.getArgumentsContent() ?? '';
  return {
    keyword: found.getKeyword().toUpperCase(),
    content,
    words: found.getArguments().map((argument) => argument.getValue()),
    flags: Object.fromEntries(flags.map((flag) => [flag.getName(), flag.getValue()])),
    exec: execForm(content.replace(/^CMD\s+/, '')),
  };
}

/** @returns the words of `["a", "b"]`, or nothing for the shell's form */
function execForm(content) {
  if (!content.startsWith('[')) return undefined;
  const words = JSON.parse(content);
  return Array.isArray(words) ? words : undefined;
}

/** Of ARG, ENV and LABEL: `A=1 B="two words"`. */
export function pairsOf({ content }) {
  const pairs = content.matchAll(/([\w.-]+)(?:=(?:"([^"]*)"|(\S*)))?/g);
  return Object.fromEntries([...pairs].map(([, key, quoted, bare]) => [key, quoted ?? bare]));
}

/** @returns the text with `$A` and `${A}` replaced; what is unknown becomes empty, as for Docker */
export function expand(text, values) {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced, bare) => values[braced ?? bare] ?? '');
}
