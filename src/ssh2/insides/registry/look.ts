import type { Client } from 'ssh2';
import { debugTopic } from '../../../observe/debug.ts';
import type { Inside } from './inside.ts';
import { type InsideName, insides } from './registry.ts';

const debug = debugTopic('connect');

/** What a client lacks; nothing for a client that was not checked. */
const missing = new WeakMap<Client, ReadonlySet<string>>();

/** Treated as missing, for tests. */
export const switchedOff = new Set<InsideName>();

/**
 * Checks that everything we rely on exists. Call it once per client, when it has connected and before anything is
 * replaced. @throws Error that names what is missing and essential.
 */
export function lookInside(client: Client): void {
  rows ??= Object.entries(insides).map(rowOf);
  const lacks = rows.filter(({ name, members }) => switchedOff.has(name) || !members.every(isIn, client));
  if (lacks.length === 0) return;
  missing.set(client, new Set(lacks.map(({ name }) => name)));
  const unsafe = lacks.filter(({ need }) => need === 'safety').map(({ name }) => name);
  if (unsafe.length > 0) throw new Error(unsafeText(unsafe));
  debug(
    'the internals of this ssh2 have changed, so these are slower or less detailed: %s',
    lacks.map(({ name }) => name).join(', '),
  );
}

/** Whether a client has what this needs. */
export function serves(client: Client, name: InsideName): boolean {
  return missing.get(client)?.has(name) !== true;
}

/** A row of the registry, its paths taken apart: every connection looks at all of them. */
interface Row {
  name: InsideName;
  need: Inside['need'];
  members: Array<{ path: string[]; type: string }>;
}

let rows: Row[] | undefined;

function rowOf([name, { need, members }]: [string, Inside]): Row {
  const taken = Object.entries(members).map(([path, type]) => ({ path: path.split('.'), type }));
  return { name: name as InsideName, need, members: taken };
}

function isIn(this: Client, { path, type }: Row['members'][number]): boolean {
  let at: unknown = this;
  for (let n = 0; n < path.length; n++)
    at = (at as Record<string, unknown> | null | undefined)?.[path[n] as string];
  return typeof at === type;
}

function unsafeText(names: readonly string[]): string {
  return `the internals of this version of ssh2 have changed, and a connection would not be safe without: ${names.join(', ')}. Install the version that this library requires`;
}
