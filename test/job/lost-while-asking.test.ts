import { expect, it } from 'vitest';
import { ConnectionLost, HostKeyMismatch } from '../../src/errors/index.ts';
import { ask, jobKeeper } from '../../src/job/host/keeper.ts';
import type { JobHost } from '../../src/job/types.ts';
import { failureOf } from '../support/outcome.ts';

const where = { host: 'pc', port: 22 };
const keeperThat = (fails: Error) =>
  jobKeeper({ where, windows: false, run: () => Promise.reject(fails) } as unknown as JobHost, undefined);
const asking = async (fails: Error) =>
  (await failureOf(ask(keeperThat(fails), 'j1', () => ({ line: 'x', read: () => 'answer' })))).error;

it('names the hop that was lost, and advises to ask again', async () => {
  const hop = 'jump 1 of 1 (gw:22)';
  const lost = new ConnectionLost('gone', { ...where, phase: 'command', why: 'keepalive', hop });
  const error = await asking(lost);
  expect(error).toMatchObject({ code: 'SSH_CONNECTION_LOST', why: 'keepalive', hop, retryable: true });
  expect(error.hint).toMatch(/^A job does not end with the connection/);
});

it('repeats the warning of a host key that has changed', async () => {
  const details = {
    ...where,
    fingerprint: 'SHA256:x',
    keyType: 'ssh-ed25519',
    hint: 'Somebody may be in between.',
  };
  const cause = new HostKeyMismatch('another key', { ...details, phase: 'handshake' });
  const error = await asking(
    new ConnectionLost('gone', { ...where, phase: 'command', why: 'protocol', cause }),
  );
  expect(error).toMatchObject({ why: 'protocol', retryable: false, cause });
  expect(error.hint).toMatch(/^Somebody may be in between\. A job does not end/);
});
