/** One small change to a source text: `text` replaces what is between `start` and `end`. */
export interface Mutant {
  what: string;
  start: number;
  end: number;
  text: string;
  /** From 1. */
  line: number;
  /** The code that, when run, shows that a test reaches the change. */
  probe: { at: number; end?: number; isStatement?: boolean };
}

/** All small changes to a TypeScript source that a test ought to notice. */
export function mutantsOf(source: string): Mutant[];

/** The source with the change applied. */
export function mutated(source: string, mutant: Mutant): string;

/** The source with calls of `globalThis.reached`, which pass a change's number whenever its place is reached. */
export function probed(source: string, numbered: readonly { number: number; mutant: Mutant }[]): string;

/** Whether it is valid TypeScript. */
export function isReadable(source: string): boolean;

/** The line in which a change begins, without surrounding spaces. */
export function lineOf(source: string, mutant: Mutant): string;

/** `count` of the items; the same ones for the same seed. */
export function sample<T>(items: readonly T[], count: number, seed: number): T[];
