import { expect } from 'vitest';

type Body = () => unknown;

const defined: { name: string; body: Body }[] = [];
const before: Body[] = [];
const after: Body[] = [];

/** Stands in for `vitest`, `node:test` and `@jest/globals` in a document's snippet, which runs inside a test itself. */
export function test(name: string, body: Body): void {
  defined.push({ name, body });
}

export const beforeEach = (hook: Body) => before.push(hook);
export const afterEach = (hook: Body) => after.push(hook);
export { expect, test as it };

/** Runs the tests of one snippet. */
export async function runTests(): Promise<void> {
  const [bodies, setUp, tearDown] = [defined.splice(0), before.splice(0), after.splice(0)];
  if (bodies.length === 0) throw new Error('the snippet defines no test');
  for (const { name, body } of bodies) {
    try {
      for (const hook of setUp) await hook();
      await body();
    } catch (error) {
      throw new Error(`the snippet's test "${name}" failed`, { cause: error });
    } finally {
      for (const hook of tearDown) await hook();
    }
  }
}
