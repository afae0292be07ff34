import type { BenchServer } from './server.ts';
import type { CaseResult, Contender, Group } from './types.ts';

/** How much is moved, and how often: decides whether a run takes a minute, twenty or an hour. */
export interface Sizes {
  /** MiB of the large file, by round trip time. */
  large: Record<number, number>;
  /** Number of files of 4 KiB, by round trip time. */
  small: Record<number, number>;
  /** MiB through a command. */
  stream: number;
  connections: number;
  /** Run one after another, for their processor time. */
  commands: number;
  /** The maximum number of rounds per case. */
  rounds: number;
  /** Also run contenders that are inherently slow, or equivalent to another one, in every case. */
  all: boolean;
}

/** Files so large that connecting, about five round trips, is a small part even for the fastest. */
const normal: Sizes = {
  large: { 0: 256, 50: 256, 200: 128 },
  small: { 0: 1_000, 50: 200 },
  stream: 1024,
  connections: 200,
  commands: 400,
  rounds: Infinity,
  all: false,
};

export const sizes = {
  normal,
  full: { ...normal, small: { 0: 1_000, 50: 1_000 }, all: true },
  /** Only to check that everything works. */
  trial: {
    large: { 0: 8, 50: 4, 200: 2 },
    small: { 0: 20, 50: 5 },
    stream: 16,
    connections: 10,
    commands: 40,
    rounds: 1,
    all: false,
  },
} satisfies Record<string, Sizes>;

export interface Bench {
  server: BenchServer;
  contenders: readonly Contender[];
  sizes: Sizes;
}

/** A part of the benchmark that can be run on its own. */
export interface Part {
  name: string;
  group: Group;
  /** Belongs to what is measured of short processes (`cold`), too. */
  isCold?: boolean;
  run(bench: Bench): Promise<CaseResult[]>;
}
