import type { Client } from 'ssh2';

interface Replaced {
  target: object;
  name: PropertyKey;
  original: unknown;
}

const replaced = new WeakMap<Client, Replaced[]>();

/** Puts `value` in place of a member that serves the login alone, until that has succeeded. */
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

/** Takes a member away when the login has succeeded. */
export function dropAfterLogin<T extends object>(client: Client, target: T, name: keyof T): void {
  const all = replaced.get(client) ?? [];
  all.push({ target, name, original: undefined });
  replaced.set(client, all);
}

/** The login has succeeded: what served it alone is taken back, the last first, and nothing holds on to it any more. */
export function loginSucceeded(client: Client): void {
  const all = replaced.get(client) ?? [];
  for (const { target, name, original } of all.reverse()) Reflect.set(target, name, original);
  replaced.delete(client);
}
