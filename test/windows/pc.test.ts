import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Connection, runJob } from '../../src/index.ts';
import { connectToPc, pcOptions } from './pc.ts';

describe('a real Windows PC', () => {
  let connection: Connection;
  let local: string;
  /** A folder of the PC, as Windows spells it. */
  let remote: string;

  beforeAll(async () => {
    connection = await connectToPc();
    local = await mkdtemp(join(tmpdir(), 'windows-pc-'));
    const { stdout } = await connection.exec('echo %TEMP%', { shell: 'raw' });
    remote = `${stdout.trim()}\\ssh-via-gateway-${randomUUID()}`;
    const sftp = await connection.sftp();
    await sftp.mkdir(remote);
    await sftp.close();
  });

  afterAll(async () => {
    const sftp = await connection.sftp();
    await sftp.remove(remote, { recursive: true });
    await connection.close();
    await rm(local, { recursive: true });
  });

  it('is known as Windows by its identification line', () => {
    expect(connection.serverVersion).toMatch(/OpenSSH_for_Windows_\d/);
  });

  it('gives whole exit codes', async () => {
    for (const code of [0, 3, 255, 0xc0000005]) {
      const { exitCode } = await connection.exec(`cmd /c exit ${code | 0}`, { reject: false });
      expect(exitCode === null ? null : exitCode >>> 0).toBe(code);
    }
  });

  it('runs PowerShell scripts in 5.1, with UTF-8 on both ends', async () => {
    const { stdout } = await connection.powershell("$PSVersionTable.PSVersion.Major; '대한민국'");
    expect(stdout.split(/\r?\n/).filter(Boolean)).toEqual(['5', '대한민국']);
    await expect(connection.powershell('Get-Item C:\\no\\such')).rejects.toMatchObject({ exitCode: 1 });
  });

  it('quotes arguments so that they arrive', async () => {
    const argv = [
      'node',
      '-e',
      'console.log(JSON.stringify(process.argv.slice(1)))',
      'a b',
      'c"d',
      '100%',
      '&^|',
      'x\\',
    ];
    const { stdout } = await connection.exec(argv, { shell: 'cmd' });
    expect(JSON.parse(stdout)).toEqual(argv.slice(3));
  });

  it.each([0, 102_400, 102_401, 5_000_000])('takes and gives a file of %i bytes', async (size) => {
    const source = join(local, `up-${size}`);
    await writeFile(source, randomBytes(size));
    await connection.upload(source, `${remote}\\파일-${size}.bin`, { verify: 'sha256' });
    await connection.upload(source, `${remote}\\파일-${size}.bin`, { verify: 'sha256' });
    await connection.download(`${remote}\\파일-${size}.bin`, join(local, `down-${size}`));
    expect((await readFile(join(local, `down-${size}`))).equals(await readFile(source))).toBe(true);
  });

  it('resumes an upload that was stopped', async () => {
    const source = join(local, 'resumed');
    await writeFile(source, randomBytes(30_000_000));
    const stop = new AbortController();
    const stopped = connection.upload(source, `${remote}\\resumed.bin`, {
      resume: true,
      signal: stop.signal,
      onProgress: ({ transferred }) => transferred > 5_000_000 && stop.abort(new Error('stopped')),
    });
    await expect(stopped).rejects.toThrow('stopped');
    await connection.upload(source, `${remote}\\resumed.bin`, { resume: true, verify: 'sha256' });
    const sftp = await connection.sftp();
    expect((await sftp.list(remote)).filter(({ name }) => name.endsWith('.part'))).toEqual([]);
    await sftp.close();
  });

  it('keeps a job when its connection ends, and starts it once', async () => {
    const id = `windows-${randomUUID()}`;
    const command = 'ping -n 6 127.0.0.1 > nul & echo done& exit /b 7';
    const first = await connectToPc();
    await first.startJob(command, { id, shell: 'cmd' });
    await first.close();
    const result = await runJob(pcOptions(), command, { id, shell: 'cmd', reject: false, keep: false });
    expect(result).toMatchObject({ exitCode: 7 });
    expect(result.stdout.trim()).toBe('done');
  });

  it('stops a command that takes too long, with all that it started', async () => {
    const marker = `ping -n 300 127.0.0.${2 + Math.floor(Math.random() * 200)}`;
    await expect(connection.exec(marker, { timeout: 3_000 })).rejects.toMatchObject({ terminated: true });
    const { stdout } = await connection.powershell(
      `@(Get-CimInstance Win32_Process | Where-Object { $_.Name -eq 'PING.EXE' -and $_.CommandLine -like '*${marker.split(' ').at(-1)}*' }).Count`,
    );
    expect(stdout.trim()).toBe('0');
  });
});
