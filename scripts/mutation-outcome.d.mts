/** What scripts/mutation-tests.mjs reports of a run; or a single word if it did not end in time or its process died. */
export type Result =
  | 'late'
  | 'ended'
  | {
      tests: number;
      failures: { file: string; test?: string; message?: string }[];
      notLoaded: { file: string; message: string }[];
      unhandled: string[];
    };

export interface Outcome {
  word: 'passed' | 'found' | 'found (timed out)' | 'not run';
  why?: string;
  files?: string[];
  names?: string[];
}

export function outcomeOf(result: Result): Outcome;

export function judge(
  broken: () => Promise<Result>,
  whole: (which: { files?: string[]; names?: string[] }) => Promise<Result>,
): Promise<{ word: 'found' | 'found (timed out)' | 'SURVIVED' | 'not run' | 'undecided'; why?: string }>;
