import type { Plugin } from 'esbuild';

export function loadTable(file: string): Promise<Record<string, unknown>>;
export const insidesInShort: Plugin;
