import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { firstMinute } from '../support/sixty-seconds.ts';
import { startSshd } from '../support/sshd.ts';

test("the README's first minute leads from nothing to the first command, on a real sshd", async () => {
  // What the program finds on a PC: its command, and the file that it fetches.
  const programs = await mkdtemp(join(tmpdir(), 'sixty-bin-'));
  await using sshd = await startSshd({ config: [`SetEnv PATH=${programs}:/usr/bin:/bin`] });
  await chmod(programs, 0o755);
  await writeFile(join(programs, 'schtasks'), '#!/bin/sh\necho tasks\n', { mode: 0o755 });
  const folder = join(sshd.home, 'rpa');
  await mkdir(folder);
  await chmod(folder, 0o777);
  await writeFile(join(folder, 'out.json'), '{"done":true}');
  await writeFile(join(folder, 'run.cmd'), '#!/bin/sh\necho ran "$1"\n', { mode: 0o755 });
  const said = await firstMinute({ ...sshd, folder });
  await rm(programs, { recursive: true });
  expect(said.doctor, said.doctor.stdout + said.doctor.stderr).toMatchObject({ exitCode: 0 });
  expect(said.program).toEqual({ exitCode: 0, stdout: 'tasks\n\n', stderr: '' });
  expect(said.job).toEqual({ exitCode: 0, stdout: 'ran invoice-2026-11\n0\n', stderr: '' });
  expect(said.downloaded).toBe('{"done":true}');
});
