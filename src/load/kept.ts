/** Loads a part once, and again only after that has failed: even of a part that is there, each `import()` makes a dozen objects. */
export function kept<T>(load: () => Promise<T>): () => Promise<T> {
  let part: Promise<T> | undefined;
  const failed = (error: unknown) => {
    part = undefined;
    throw error;
  };
  return () => {
    part ??= load().catch(failed);
    return part;
  };
}
