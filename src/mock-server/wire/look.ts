import { once } from 'node:events';
import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import type { Connection, Server } from 'ssh2';
import type { Inside } from '../../ssh2/insides/registry/inside.ts';
import { serverInsides } from './insides.ts';

/** Treated as missing, for a test that no server starts without them. */
export const switchedOff = new Set<string>();

/**
 * Checks that ssh2 has what this server needs, with a connection that leads nowhere, as ssh2 only creates its parts for
 * a connection. @throws Error naming what is missing: a server that misbehaves in other ways than it was told to proves
 * nothing.
 */
export async function lookInside(server: Server): Promise<void> {
  const link = new PassThrough();
  let lacks = Object.keys(serverInsides);
  server.once('connection', (client) => {
    lacks = lacks.filter(
      (name) => switchedOff.has(name) || !hasAll(client, serverInsides[name]?.members ?? {}),
    );
    link.destroy();
  });
  // What ssh2 sends comes back to it: it talks to itself.
  server.injectSocket(link as unknown as Socket);
  await once(link, 'close');
  if (lacks.length === 0) return;
  throw new Error(
    `the internals of this version of ssh2 have changed, and the mock server would not handle: ${lacks.join(', ')}. Install the version that this library requires`,
  );
}

function hasAll(client: Connection, members: Inside['members']): boolean {
  return Object.entries(members).every(([path, type]) => {
    let at: unknown = client;
    for (const name of path.split('.')) at = (at as Record<string, unknown> | null | undefined)?.[name];
    return typeof at === type;
  });
}
