/** One small change to a source text: what stands from `start` to `end` becomes `text`. */
export interface Mutant {
  what: string;
  start: number;
  end: number;
  text: string;
  /** From 1. */
  line: number;
}

/** All small changes to a TypeScript source that ought to be noticed by a test. */
export function mutantsOf(source: string): Mutant[];

/** The source with the change. */
export function mutated(source: string, mutant: Mutant): string;

/** `count` of the items, the same ones for the same seed. */
export function sample<T>(items: readonly T[], count: number, seed: number): T[];
