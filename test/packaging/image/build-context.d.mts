export function letsIn(text: string): (path: string) => boolean;
export function contextFiles(root: string): string[];
