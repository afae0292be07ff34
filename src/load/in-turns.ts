/**
 * Loads each part in a turn of its own, beginning with the next one: what is on its way over the network comes in
 * between. Never rejects: whoever needs a part meets its error.
 */
export async function loadInTurns(parts: readonly (() => unknown)[]): Promise<void> {
  for (const part of parts) {
    await new Promise((turn) => setImmediate(turn));
    try {
      await part();
    } catch {
      // As said above.
    }
  }
}
