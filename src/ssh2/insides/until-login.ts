import type { Client } from 'ssh2';

interface Replaced {
  target: object;
  name: PropertyKey;
  original: unknown;
}

const replaced = new WeakMap<Client, Replaced[]>();

/** Replaces a member that only serves the login, until the login has succeeded. */
export function replaceUntilLogin<T extends object, K extends keyof T>(
  client: Client,
  target: T,
  name: K,
  value: T[K],
): void {
  const all = replaced.get(client) ?? [];
  all.push({ target, name, original: target[name] });
  replaced.set(client, all);
  target[name] = value;
}

/** Removes a member when the login has succeeded. */
export function dropAfterLogin<T extends object>(client: Client, target: T, name: keyof T): void {
  const all = replaced.get(client) ?? [];
  all.push({ target, name, original: undefined });
  replaced.set(client, all);
}

/** The login has succeeded: restores what was replaced for it, last first, and drops all references. */
export function loginSucceeded(client: Client): void {
  const all = replaced.get(client) ?? [];
  for (let n = all.length - 1; n >= 0; n--) {
    const { target, name, original } = all[n] as Replaced;
    Reflect.set(target, name, original);
  }
  replaced.delete(client);
}
