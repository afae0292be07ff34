/** One small change to a source text: what stands from `start` to `end` becomes `text`. */
export interface Mutant {
  what: string;
  start: number;
  end: number;
  text: string;
  /** From 1. */
  line: number;
  /** The code whose running tells that a test comes to it. */
  probe: { at: number; end?: number; isStatement?: boolean };
}

/** All small changes to a TypeScript source that ought to be noticed by a test. */
export function mutantsOf(source: string): Mutant[];

/** The source with the change. */
export function mutated(source: string, mutant: Mutant): string;

/** The source that calls `globalThis.reached` with a change's number whenever it comes to its place. */
export function probed(source: string, numbered: readonly { number: number; mutant: Mutant }[]): string;

/** Whether it is TypeScript at all. */
export function isReadable(source: string): boolean;

/** The line that a change begins in, without the spaces around it. */
export function lineOf(source: string, mutant: Mutant): string;

/** `count` of the items, the same ones for the same seed. */
export function sample<T>(items: readonly T[], count: number, seed: number): T[];
