import { expect, it, vi } from 'vitest';
import { ChannelOpenFailed, CommandTimeout } from '../../src/errors/index.ts';
import { checkByHelper, noteByHelper, reclaimByHelper } from '../../src/tunnel/holder/helper.ts';
import { writeNote } from '../../src/tunnel/holder/note.ts';
import { reclaimPort } from '../../src/tunnel/reclaim/reclaim.ts';
import { FakeConnection, lost, shellSays } from '../support/fake-gateway.ts';

const refusedShell = new ChannelOpenFailed('no', { phase: 'channel' });

/** An account whose forced command is the helper: it answers its own requests, and scripts not at all. */
function helped(answer: string) {
  const connection = new FakeConnection();
  connection.onExec = (command) =>
    command.startsWith('exec sh') ? '' : `ssh-via-gateway-helper-1 \r\nsome words\n ${answer}\r\n`;
  return connection;
}

/** One that fails whatever it is asked. */
function failing(error: Error) {
  const connection = new FakeConnection();
  connection.onExec = () => {
    throw error;
  };
  return connection;
}

it('is asked for a note if the account has no shell, once', async () => {
  const connection = helped('noted 300 600 b1');
  const words = { tunnel: 'a', every: 60, took: undefined };
  expect(await writeNote(connection, 9012, words)).toEqual({
    session: { pid: 300, start: '600', boot: 'b1' },
    byHelper: true,
  });
  expect(connection.scripts.slice(1)).toEqual(['note 9012']);
});

it.each(['noted here 600 b1', 'refused 300 600 b1'])(
  'has written no note if the output is %j',
  async (answer) => {
    expect(await noteByHelper(helped(answer), 9012)).toEqual({
      failed: 'no-note',
      message: `The gateway's helper could not write the note: ${answer}`,
    });
  },
);

it.each([
  ['banner SSH-2.0-OpenSSH_9.5 x', { kind: 'banner', banner: 'SSH-2.0-OpenSSH_9.5 x' }],
  ['closed', { kind: 'ended' }],
  ['silent', { kind: 'silent' }],
  ['refused', undefined],
])('reports what it saw at the port: %s', async (answer, seen) => {
  const connection = helped(answer);
  expect(await checkByHelper(connection, 9012)).toEqual(seen);
  expect(connection.scripts).toEqual(['check 9012']);
});

it.each([
  ['free', { kind: 'free' }],
  ['reclaimed 300', { kind: 'reclaimed', pid: 300, evidence: 'note' }],
  ['reclaimed all', { kind: 'refused', reason: 'no-note' }],
  ['gone 300', { kind: 'refused', reason: 'no-note' }],
  ['refused answers', { kind: 'refused', reason: 'answers' }],
  ['refused whatever', { kind: 'refused', reason: 'no-note' }],
])('reports what became of the session: %s', async (answer, result) => {
  const found = await reclaimByHelper(helped(answer), 9012, { patience: 100 });
  expect(found).toMatchObject(result);
  if (found?.kind === 'refused')
    expect(found.message).toBe(`The gateway's helper leaves port 9012 alone: ${answer}`);
});

it.each([
  [100, 'reclaim 9012'],
  [1_500, 'reclaim 9012'],
  [1_501, 'reclaim 9012 16'],
  [20_000, 'reclaim 9012 200'],
  [60_000, 'reclaim 9012 200'],
])('waits for a banner as long as necessary, in tenths of a second: %d ms', async (patience, request) => {
  const connection = helped('free');
  await reclaimByHelper(connection, 9012, { patience });
  expect(connection.scripts).toEqual([request]);
});

it('is asked with limits, and with any exit code', async () => {
  const connection = helped('silent');
  const exec = vi.spyOn(connection, 'exec');
  const { signal } = new AbortController();
  await checkByHelper(connection, 9012, signal);
  const limits = { reject: false, timeout: 40_000, maxBuffer: 65_536 };
  expect(exec.mock.calls).toEqual([['check 9012', { ...limits, signal }]]);
});

it('is not available if something else answers, or the command is refused', async () => {
  const other = new FakeConnection();
  other.onExec = () => 'Welcome\nssh-via-gateway-helper-1\nsilent\n';
  const late = new CommandTimeout('late', { phase: 'command', timeoutMs: 1, terminated: true } as never);
  for (const connection of [other, failing(refusedShell), failing(late)]) {
    expect(await checkByHelper(connection, 9012)).toBeUndefined();
    expect(await noteByHelper(connection, 9012)).toBeUndefined();
    expect(await reclaimByHelper(connection, 9012, { patience: 1 })).toBeUndefined();
  }
});

it.each([
  ['a lost connection', lost(), undefined],
  ['what nobody knows', new Error('odd'), undefined],
  ['an abort', refusedShell, AbortSignal.abort()],
])('reports %s', async (_what, error, signal) => {
  await expect(checkByHelper(failing(error), 9012, signal)).rejects.toBe(error);
});

const options = { unnoted: 'keep', answerTimeout: 50, quiet: 90_000, backOff: 60_000 } as const;
const request = { port: 9012, address: { host: '127.0.0.1', port: 9012 }, options };

it('is asked to end the holder, with the patience that the target needs', async () => {
  const connection = helped('reclaimed 300');
  const askTarget = async () => 600;
  expect(await reclaimPort(connection, { ...request, askTarget })).toMatchObject({
    kind: 'reclaimed',
    pid: 300,
  });
  expect(connection.scripts.slice(1)).toEqual(['reclaim 9012 24']);
});

it('is not asked if silence means nothing', async () => {
  const connection = helped('reclaimed 300');
  const askTarget = async () => undefined;
  expect(await reclaimPort(connection, { ...request, askTarget })).toMatchObject({ reason: 'no-shell' });
  expect(connection.scripts).toHaveLength(1);
});

it('is not asked if the account has a shell', async () => {
  const connection = helped('reclaimed 300');
  connection.onExec = () => shellSays('noproc');
  expect(await reclaimPort(connection, request)).toMatchObject({ reason: 'no-proc' });
  expect(connection.scripts).toHaveLength(1);
});
