import { createHash } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { bufferSource } from '../../src/sftp/flow/block-source.ts';
import { localSha256, remoteSha256, sameBySum } from '../../src/sftp/verify/checksum.ts';
import { bytesOf } from '../support/mock-sftp.ts';

const windows = 'SSH-2.0-OpenSSH_for_Windows_9.5';
const sum = 'ab'.repeat(32);

/** The command that asks a server for a checksum, and what its answer is taken for. */
async function asked(serverVersion: string, path: string, answer = { exitCode: 0, stdout: sum }) {
  const run = vi.fn(async (_command: string) => answer);
  const found = await remoteSha256({ run, serverVersion } as never, path, 1_234);
  return { command: run.mock.calls[0]?.[0] ?? '', found };
}

it.each([
  [windows, '/C:/a.bin', true],
  [windows, 'a.bin', true],
  ['SSH-2.0-9.99 FlowSsh: Bitvise SSH Server', '/C:/a.bin', true],
  ['SSH-2.0-OpenSSH_9.2p1', '/a.bin', false],
  ['SSH-2.0-OpenSSH_9.2p1', 'a.bin', false],
])('requests from %s the checksum of %s in its own shell', async (serverVersion, path, isWindows) => {
  const { command, found } = await asked(serverVersion, path);
  expect(command.startsWith('powershell ')).toBe(isWindows);
  expect(command.startsWith('head -c 1234 ')).toBe(!isWindows);
  expect(found).toBe(sum);
});

it('does not send csh a name with a line break, nor a server without commands anything', async () => {
  expect(await asked('SSH-2.0-OpenSSH_9.2p1', '/a\nb')).toEqual({ command: '', found: undefined });
  expect((await asked(windows, '/C:/a\nb')).found).toBe(sum);
  expect(await remoteSha256({} as never, '/a', 1)).toBeUndefined();
});

it.each([
  ['of a command that failed', { exitCode: 1, stdout: sum }],
  ['that is none', { exitCode: 0, stdout: 'sha256sum: not found' }],
  ['that is too long', { exitCode: 0, stdout: `${sum}0` }],
])('does not accept the answer %s', async (_, answer) => {
  expect((await asked(windows, '/C:/a', answer)).found).toBeUndefined();
});

it('finds the checksum whatever text surrounds it', async () => {
  const stdout = `\\${sum.toUpperCase()}  a\\nb\n`;
  expect((await asked('SSH-2.0-x', '/a', { exitCode: 0, stdout })).found).toBe(sum);
});

it('continues without a checksum if the command cannot be run, unless aborted', async () => {
  const run = async () => {
    throw new Error('no session');
  };
  expect(await remoteSha256({ run } as never, '/a', 1)).toBeUndefined();
  const stopped = AbortSignal.abort(new Error('enough'));
  await expect(remoteSha256({ run } as never, '/a', 1, stopped)).rejects.toThrow('enough');
});

it('computes a local checksum of the beginning, and none if the source is shorter', async () => {
  const content = bytesOf(3_000_000);
  for (const end of [0, 1, 1 << 20, (1 << 20) + 1, content.length]) {
    const expected = createHash('sha256').update(content.subarray(0, end)).digest('hex');
    expect(await localSha256(bufferSource(content), end)).toBe(expected);
  }
  expect(await localSha256(bufferSource(content), content.length + 1)).toBeUndefined();
});

it('compares by checksum from 1 MiB on, and only if commands can be run', async () => {
  const content = bytesOf((1 << 20) + 1);
  const stdout = createHash('sha256').update(content).digest('hex');
  const compare = (end: number, run?: unknown) => {
    const quietly = (work: () => unknown) => work();
    const context = { opener: { run, serverVersion: 'x' }, run: { quietly }, settings: {} };
    return sameBySum(context as never, bufferSource(content), '/a', end);
  };
  const run = vi.fn(async () => ({ exitCode: 0, stdout }));
  expect(await compare(content.length, run)).toBe(true);
  expect(await compare(1 << 20, run)).toBe(false);
  expect(run).toHaveBeenCalledTimes(2);
  expect(await compare((1 << 20) - 1, run)).toBe(false);
  expect(run).toHaveBeenCalledTimes(2);
  expect(await compare(content.length)).toBe(false);
  expect(await compare(content.length + 1, async () => ({ exitCode: 1, stdout: '' }))).toBe(false);
});
