export const CHECK_STATUSES = ['ok', 'unknown', 'warning', 'problem'] as const;
export type CheckStatus = (typeof CHECK_STATUSES)[number];

export interface Check {
  readonly name: string;
  /** `unknown` where it could not be looked at; told, and no reason to worry by itself. */
  readonly status: CheckStatus;
  readonly message: string;
  /** What to do, of warnings and problems; it fits on a line. */
  readonly advice?: string;
}

export function ok(name: string, message: string): Check {
  return { name, status: 'ok', message };
}

export function unknown(name: string, message: string): Check {
  return { name, status: 'unknown', message };
}

/** @param section of docs/runbook.md, as a link to it names it */
export function failed(
  name: string,
  status: 'warning' | 'problem',
  message: string,
  { advice, section }: { readonly advice: string; readonly section: string },
): Check {
  return { name, status, message, advice: `${advice}: docs/runbook.md#${section}` };
}
