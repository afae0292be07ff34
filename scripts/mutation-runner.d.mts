import type { Result } from './mutation-outcome.mjs';

export class TestRunner {
  constructor(copy: string);
  run(request: { changed: string[]; files: string[]; names?: string[] }, limitMs: number): Promise<Result>;
  kill(): void;
}
