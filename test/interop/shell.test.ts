import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openShell } from '../../src/exec/shell/open-shell.ts';
import { openLink } from '../support/open-link.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';

let server: Sshd;
beforeAll(async () => {
  server = await startSshd();
});
afterAll(() => server.close());

it('is a real terminal: stty sees its size and each change of it, and the exit code comes back', async () => {
  await using link = await openLink(server);
  const shell = await openShell(link.opener, { term: 'vt220', rows: 31, columns: 117 });
  let text = '';
  shell.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  const until = (words: string) => vi.waitFor(() => expect(text).toContain(words), { timeout: 10_000 });
  shell.write('stty size; echo "term=$TERM"\r');
  await until('31 117\r\n');
  await until('term=vt220');
  shell.resize(55, 203);
  shell.write('stty size\r');
  await until('55 203\r\n');
  shell.write('sleep 60\r');
  await until('sleep 60\r\n');
  shell.write('\x03');
  shell.write('exit 9\r');
  expect(await shell.exited).toEqual({ exitCode: 9, signal: null });
});

it('that is closed ends what runs in it', async () => {
  await using link = await openLink(server);
  const shell = await openShell(link.opener);
  let text = '';
  shell.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  shell.write('echo "pid=$$"; sleep 1000\r');
  await vi.waitFor(() => expect(text).toMatch(/pid=\d+/), { timeout: 10_000 });
  const pid = Number(/pid=(\d+)/.exec(text)?.[1]);
  await shell.close();
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(/ESRCH/), { timeout: 10_000 });
});
