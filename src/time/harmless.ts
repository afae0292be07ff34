/** Calls a user's function whose failure does not matter: neither a throw nor a rejection escapes. */
export function harmless(call: () => unknown): void {
  try {
    // TypeScript lets an async function pass for one that returns nothing.
    Promise.resolve(call()).catch(() => {});
  } catch {
    // There is nowhere to report it to.
  }
}
