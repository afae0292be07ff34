import type { Inside } from '../src/ssh2/insides/registry/inside.ts';

type Table = Readonly<Record<string, Inside>>;

export function pageOf(
  insides: Table,
  files: readonly string[],
  serverInsides: Table,
  version: string,
): string;
