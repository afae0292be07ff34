import { typeName } from '../../check/wrong.ts';

/**
 * @throws {TypeError} that says what was given. Checks methods, as the object may come from another copy of the
 * library.
 */
export function checkConnection(given: unknown, methods: readonly string[]): void {
  const connection = (given ?? {}) as Record<string, unknown>;
  if (methods.every((method) => typeof connection[method] === 'function')) return;
  const isPromise = typeof connection['then'] === 'function';
  const what = isPromise ? 'a promise of one (await it)' : typeName(given);
  throw new TypeError(
    `argument connection: ${what} given; a Connection from connectViaGateway would be right`,
  );
}
