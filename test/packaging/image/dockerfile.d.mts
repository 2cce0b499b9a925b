export interface Instruction {
  readonly keyword: string;
  readonly content: string;
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, string | null>>;
  /** The words of `["a", "b"]`; nothing for the shell's form. */
  readonly exec: readonly string[] | undefined;
}

export interface Stage {
  readonly image: string;
  readonly name: string;
  readonly platform: string | undefined;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  readonly defaults: Readonly<Record<string, string | undefined>>;
  readonly stages: readonly Stage[];
}

export function parseDockerfile(text: string): Dockerfile;
export function pairsOf(instruction: Instruction): Record<string, string | undefined>;
export function expand(text: string, values: Readonly<Record<string, string | undefined>>): string;
