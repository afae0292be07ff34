import { expect, it, vi } from 'vitest';
import { ChannelOpenFailed, ChannelTimeout, CommandTimeout } from '../../src/errors/index.ts';
import { assign, first, hexPorts, runScript, sessionsOf } from '../../src/tunnel/script/gateway-script.ts';
import { FakeConnection, lost, shellSays } from '../support/fake-gateway.ts';

const says = (stdout: string) => {
  const connection = new FakeConnection();
  connection.onExec = () => stdout;
  return connection;
};
const fails = (error: Error) => {
  const connection = new FakeConnection();
  connection.onExec = () => {
    throw error;
  };
  return connection;
};

it('is one word for sh, run with limits and with any exit code', async () => {
  const connection = says(shellSays());
  const exec = vi.spyOn(connection, 'exec');
  await expect(runScript(fails(stuck), [], AbortSignal.abort())).rejects.toBe(stuck);
  const { signal } = new AbortController();
  await runScript(connection, ['a', 'b'], signal);
  const limits = { reject: false, timeout: 10_000, maxBuffer: 4 << 20 };
  expect(exec.mock.calls).toEqual([
    ["exec sh -c 'echo ssh-via-gateway-script-1; a; b'", { ...limits, signal }],
  ]);
});

it('reaches sh unchanged through every login shell, also through csh, which looks for ! in quotes', async () => {
  const connection = says(shellSays());
  const exec = vi.spyOn(connection, 'exec');
  await runScript(connection, ['case $u in *[!0-9]*) ;; esac']);
  expect(exec.mock.calls[0]?.[0]).toBe(
    "exec sh -c 'echo ssh-via-gateway-script-1; case $u in *['\\!'0-9]*) ;; esac'",
  );
});

it('answers in lines of words, identified by the first word', async () => {
  const answer = await runScript(says(shellSays('a 1  2', '', ' b \r', 'a 3')), []);
  if (typeof answer === 'string') throw new Error(answer);
  expect([...answer]).toEqual([
    ['a', [['1', '2'], ['3']]],
    ['b', [[]]],
  ]);
  expect([first(answer, 'a'), first(answer, 'a', 1), first(answer, 'a', 2)]).toEqual(['1', '2', undefined]);
  expect([first(answer, 'b'), first(answer, 'c')]).toEqual([undefined, undefined]);
});

it.each(['', 'Welcome!\n', 'Welcome!\nssh-via-gateway-script-1\na 1\n'])(
  'has not run if the output is %j',
  async (stdout) => {
    expect(await runScript(says(stdout), [])).toBe('no-shell');
  },
);

const refused = new ChannelOpenFailed('no', { phase: 'channel' });
const stuck = new ChannelTimeout('stuck', { phase: 'channel', timeoutMs: 1 });
const late = new CommandTimeout('late', { phase: 'command', timeoutMs: 1, terminated: true } as never);

it('reports that the account cannot run commands, or a timeout', async () => {
  expect(await runScript(fails(refused), [])).toBe('no-shell');
  expect(await runScript(fails(new Error('odd')), [])).toBe('no-shell');
  expect(await runScript(fails(late), [])).toBe('timeout');
  expect(await runScript(fails(stuck), [])).toBe('timeout');
});

it('does not blame the account if the connection ended, or after an abort', async () => {
  const over = lost();
  await expect(runScript(fails(over), [])).rejects.toBe(over);
  await expect(runScript(fails(refused), [], AbortSignal.abort())).rejects.toBe(refused);
  const { signal } = new AbortController();
  expect(await runScript(fails(refused), [], signal)).toBe('no-shell');
});

it('accepts no value that a shell would interpret', () => {
  expect(assign({ a: 'x.y_z-1/(2|3)[4]*', b: 5, c: '' })).toBe('a="x.y_z-1/(2|3)[4]*"; b="5"; c=""');
  for (const wrong of ['a b', '$x', '`x`', 'a"b', "a'b", 'a\nb', 'a\\b'])
    expect(() => assign({ name: wrong })).toThrow(TypeError);
});

it('writes ports as /proc does', () => {
  expect(hexPorts([22, 9012])).toBe('(0016|2334)');
  expect(hexPorts(undefined)).toBe('[0-9A-F]*');
});

it('does not mistake the listener or a monitor for a session', async () => {
  const lines = [
    'session 1 10 0 0 sshd',
    'session 299 599 0 1 sshd',
    'session 300 600 1002 299 sshd',
    'session 400 700 1003 1 sshd',
  ];
  const answer = await runScript(says(shellSays(...lines)), []);
  if (typeof answer === 'string') throw new Error(answer);
  expect(sessionsOf(answer)).toEqual([
    { pid: '300', start: '600', uid: '1002', ppid: '299' },
    { pid: '400', start: '700', uid: '1003', ppid: '1' },
  ]);
});
