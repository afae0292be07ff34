import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { helper } from '../../src/setup/gateway/scripts.generated.ts';
import { reclaimByHelper } from '../../src/tunnel/holder/helper.ts';
import { FakeConnection } from '../support/fake-gateway.ts';
import { freePort } from '../support/sshd.ts';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'helper-'));
  await writeFile(join(home, 'helper'), helper);
});
afterAll(() => rm(home, { recursive: true }));

/** What sshd runs when a tunnel's account asks for this. */
async function ask(request: string): Promise<string> {
  const env = { PATH: process.env['PATH'], HOME: home, SSH_ORIGINAL_COMMAND: request };
  const { stdout } = await promisify(execFile)('/bin/sh', [join(home, 'helper')], { env }).catch(
    (error) => error as { stdout: string },
  );
  return stdout.trim().split('\n').at(-1) ?? '';
}

it('accepts the duration of silence only with a reclaim', async () => {
  const port = await freePort();
  expect(await ask(`reclaim ${port}`)).toBe('free');
  expect(await ask(`reclaim ${port} 60`)).toBe('free');
  for (const wrong of [
    `reclaim ${port} 0`,
    `reclaim ${port} 1000`,
    `reclaim ${port} 1;id`,
    `reclaim ${port} 15 15`,
    `note ${port} 15`,
    `reclaim`,
    `reclaim 70000`,
  ]) {
    expect(await ask(wrong), wrong).toMatch(/^refused This account keeps a tunnel/);
  }
});

it('is asked for more patience only if its own is not enough', async () => {
  const connection = new FakeConnection();
  connection.onExec = () => 'ssh-via-gateway-helper-1\nfree\n';
  for (const patience of [50, 1_500, 1_501, 4_000, 60_000]) {
    expect(await reclaimByHelper(connection, 9012, { patience })).toEqual({ kind: 'free' });
  }
  expect(connection.scripts).toEqual([
    ...['reclaim 9012', 'reclaim 9012', 'reclaim 9012 16', 'reclaim 9012 40', 'reclaim 9012 200'],
  ]);
});

it.each(['reclaimed', 'reclaimed x', 'refused 7', 'refused 7x'])(
  'does not accept %j as a reclaimed port',
  async (words) => {
    const connection = new FakeConnection();
    connection.onExec = () => `ssh-via-gateway-helper-1\n${words}\n`;
    expect(await reclaimByHelper(connection, 9012, { patience: 1_500 })).toMatchObject({ kind: 'refused' });
  },
);
