export function linesOf(text: string): { number: number; words: string }[];
export function copiesIn(texts: Readonly<Record<string, string>>): { where: string; lines: string }[];
export function sources(): Record<string, string>;
