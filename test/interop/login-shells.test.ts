import { execFileSync } from 'node:child_process';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inSh, quoteForAnyShell } from '../../src/exec/quote/any-shell.ts';
import { connectViaGateway, listGatewayTunnels, runJob } from '../../src/index.ts';
import { arbitraryArguments } from '../support/arbitrary-argv.ts';
import { startSshd } from '../support/sshd.ts';

const shells = ['/usr/bin/fish', '/usr/bin/tcsh', '/bin/bash', '/bin/dash', '/usr/bin/mksh', '/bin/zsh'];

describe.each(shells)('an account whose login shell is %s', (shell) => {
  it('gets every argument as it was given', () => {
    const argvs = fc.sample(arbitraryArguments({ lineBreaks: true }), { numRuns: 60, seed: 17 });
    for (const args of argvs) {
      const line = quoteForAnyShell(['/usr/bin/printf', '%s\\0', 'start', ...args]);
      expect(throughShell(shell, line).split('\0').slice(1, -1)).toEqual(args);
    }
  });

  it.each(['not', 'end', 'and', 'begin', 'if', 'foreach', '@', '-x'])(
    'runs a program called %s',
    async (name) => {
      const folder = await mkdtemp(join(tmpdir(), 'programs-'));
      await writeFile(join(folder, name), '#!/bin/sh\necho "ran $*"\n', { mode: 0o755 });
      const PATH = `${folder}:/usr/bin:/bin`;
      expect(throughShell(shell, quoteForAnyShell([name, 'a b']), { PATH })).toBe('ran a b\n');
      await rm(folder, { recursive: true });
    },
  );

  it('runs scripts of many lines', () => {
    expect(throughShell(shell, inSh('for a in 1 2; do\n\n  echo "$a\\\\!" \'x\ny\'\ndone\n'))).toBe(
      '1\\! x\ny\n2\\! x\ny\n',
    );
  });

  it('runs commands, folders, variables and jobs through sshd', async () => {
    await using sshd = await startSshd({ shell });
    const { host, port, username, privateKey, home } = sshd;
    const options = { host, port, username, privateKey, hostKey: { key: sshd.hostPublicKey } } as const;
    await using connection = await connectViaGateway({ ...options, retry: false });
    const mark = join(home, 'mark');
    const word = `\\'; touch ${mark}; echo \\'`;
    expect((await connection.exec(['printf', '%s', word])).stdout).toBe(word);
    await expect(access(mark)).rejects.toThrow('ENOENT');

    const missing = await connection.exec('echo ran', { cwd: join(home, 'missing'), reject: false });
    expect([missing.exitCode, missing.stdout]).toEqual([1, '']);
    const env = { GREETING: "it's \\ $HOME ! 'x'\nline 2", SHELL: '/bin/false' };
    expect((await connection.exec('printenv GREETING; pwd', { env, cwd: '/usr' })).stdout).toBe(
      `${env.GREETING}\n/usr\n`,
    );
    // A plain string is the login shell's own, with a folder as without.
    const own = shell.endsWith('fish') ? 'echo $FISH_VERSION' : 'basename $0';
    expect((await connection.exec(own, { cwd: '/' })).stdout).toBe((await connection.exec(own)).stdout);

    const job = await runJob(options, ['printf', '%s', word], { id: 'quoted', cwd: '/', env });
    expect([job.exitCode, job.stdout]).toEqual([0, word]);
    expect((await runJob(options, "echo 'job out'; exit 3", { id: 'plain', reject: false })).exitCode).toBe(
      3,
    );
  }, 60_000);
});

describe.each(shells)('a gateway account whose login shell is %s', (shell) => {
  it('lists tunnels', async () => {
    await using sshd = await startSshd({ shell });
    const { host, port, username, privateKey } = sshd;
    const options = {
      host,
      port,
      username,
      privateKey,
      hostKey: { key: sshd.hostPublicKey },
      retry: false,
    } as const;
    await using connection = await connectViaGateway(options);
    expect(await listGatewayTunnels(connection, { ports: [port] })).toMatchObject([
      { port, verdict: 'alive' },
    ]);
  });
});

function throughShell(shell: string, line: string, env: NodeJS.ProcessEnv = process.env): string {
  return execFileSync(shell, ['-c', line], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}
