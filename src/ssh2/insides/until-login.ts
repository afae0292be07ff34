import type { Client } from 'ssh2';

interface Replaced {
  target: object;
  name: PropertyKey;
  original: unknown;
  /** What was replaced before it. */
  before: Replaced | undefined;
}

/** What was replaced last. */
const replaced = new WeakMap<Client, Replaced>();

/** Replaces a member that only serves the login, until the login has succeeded. */
export function replaceUntilLogin<T extends object, K extends keyof T>(
  client: Client,
  target: T,
  name: K,
  value: T[K],
): void {
  replaced.set(client, { target, name, original: target[name], before: replaced.get(client) });
  target[name] = value;
}

/** Removes a member when the login has succeeded. */
export function dropAfterLogin<T extends object>(client: Client, target: T, name: keyof T): void {
  replaced.set(client, { target, name, original: undefined, before: replaced.get(client) });
}

/** The login has succeeded: restores what was replaced for it, last first, and drops all references. */
export function loginSucceeded(client: Client): void {
  for (let one = replaced.get(client); one; one = one.before) Reflect.set(one.target, one.name, one.original);
  replaced.delete(client);
}
