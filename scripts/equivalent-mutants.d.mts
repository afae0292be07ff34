import type { Mutant } from './mutants.mjs';

export interface Equivalent {
  /** Below src. */
  file: string;
  line: string;
  what: string;
  why: string;
}

export const equivalents: readonly Equivalent[];

export function isSame(
  equivalent: Equivalent,
  change: { path: string; code: string; mutant: Mutant },
): boolean;
