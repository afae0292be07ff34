import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FloodKind, floodServer, floods } from '../support/flood-server.ts';

let folder: string;
let program: string;
beforeAll(async () => {
  await mkdir('node_modules/.cache', { recursive: true });
  folder = await mkdtemp('node_modules/.cache/floods-');
  program = join(folder, 'client.mjs');
  await build({
    entryPoints: [new URL('../support/flood-client.ts', import.meta.url).pathname],
    ...{ outfile: program, bundle: true, platform: 'node', format: 'esm', packages: 'external' },
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a server may send for ever: nothing of it is kept, or it is turned away. */
const harmless: readonly string[] = ['single bytes', 'forwarded channels'];

it.each(Object.keys(floods) as FloodKind[])(
  'five seconds of %s take little memory and do not stop the event loop',
  async (kind) => {
    using server = await floodServer(kind);
    // What is measured is what is kept, not what V8 takes for garbage while it has no processor to collect it.
    const args = ['--max-semi-space-size=4', program, `${server.port}`, kind, '5000'];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    // Each is a connection to a port of this machine.
    const isDialled = kind === 'forwarded channels';
    const { grownBy, longestStop, end } = JSON.parse(stdout);
    console.log(
      `${kind}: ${grownBy.toFixed(0)} MiB more, longest stop ${longestStop.toFixed(0)} ms, ${server.sent} packets; ${end}`,
    );
    expect(grownBy).toBeLessThan(isDialled ? 60 : 40);
    expect(longestStop).toBeLessThan(isDialled ? 400 : 200);
    if (!harmless.includes(kind))
      expect(end).toMatch(
        /^SSH_(CONNECTION_LOST|HANDSHAKE_FAILED): .* was ended here: it|^SSH_SFTP_FAILED: .* 10000 replies|^SSH_HANDSHAKE_FAILED: .* sent a message of no bytes out of turn/,
      );
  },
  30_000,
);
