/** Remembers where the caller of `below` is. Formatting the stack is left for when it is needed. */
export function callSite(below: (...args: never[]) => unknown): { stack?: string } {
  const site: { stack?: string } = {};
  Error.captureStackTrace(site, below);
  return site;
}

/** Gives an error that is made in a timer or a network event the stack of the call that it belongs to. */
export function withSite(error: Error, site: { stack?: string }): void {
  const frames = site.stack?.split('\n').slice(1).join('\n');
  if (frames) error.stack = `${error.name}: ${error.message}\n${frames}`;
}
