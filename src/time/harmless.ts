/** Calls a function of the user whose failure is nobody's business: neither a throw nor a rejection gets out. */
export function harmless(call: () => unknown): void {
  try {
    // TypeScript lets an async function pass for one that returns nothing.
    Promise.resolve(call()).catch(() => {});
  } catch {
    // There is nowhere to report it to.
  }
}
