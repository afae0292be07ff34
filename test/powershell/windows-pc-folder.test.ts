import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Customer, CustomerGateway } from '../../src/index.ts';
import { pcScript } from '../../src/setup/pc/pc-script.ts';
import { finish, pwsh, WindowsPc } from '../support/pcs.ts';

const gateway: CustomerGateway = {
  ...{ host: '127.0.0.1', port: 9, layout: 'published', operator: 'root' },
  hostKey: ['ssh-ed25519 AAAA'],
};
const customer: Customer = {
  ...{ code: 'acme', account: 'tunnel-acme', port: 9012, username: 'rpa', hostKeyAlias: 'acme' },
  ...{ route: 'published', labels: {}, state: 'active' },
};
const scriptOf = (code: string) =>
  pcScript(gateway, { ...customer, code }, { system: 'windows', targetPort: 22 });

let root: string;
let folder: string;
let pc: WindowsPc;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'windows-pc-'));
});
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'pc-'));
  pc = await WindowsPc.make(folder, scriptOf('acme'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const env = { FAKE_NO_START: '1', FAKE_CULTURE: 'en-US' };
const on = (...args: string[]) => pc.run(args, env);

async function fill(files: Record<string, string>, at = pc.state): Promise<void> {
  await mkdir(at, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(at, name), text);
}
async function filesOf(at: string): Promise<Record<string, string>> {
  const texts = (await readdir(at)).map(
    async (name) => [name, await readFile(join(at, name), 'utf8').catch(() => '')] as const,
  );
  return Object.fromEntries(await Promise.all(texts));
}

/** Refused, with what would be right, and nothing of the PC has changed. */
async function expectRefusal(args: string[], words: string): Promise<void> {
  expect(await pc.call(args, env), args.join(' ')).toEqual({
    ...{ code: 2, out: '' },
    err: expect.stringContaining(words),
  });
  expect(await pc.calls()).toEqual([]);
}

describe('the script of a Windows PC', () => {
  it.each(['-Unistall', '-Remove', '-Bogus 3', '--uninstall', 'uninstall', `'C:\\rpa'`, `''`, '-WhatIf'])(
    'does nothing for what it does not know: %s',
    async (words) => {
      await expectRefusal([words], `What is "${words.replaceAll("'", '')}"? Right would be`);
      expect(await readdir(join(folder, 'ProgramData'))).toEqual([]);
    },
  );

  it('does nothing for it when it is called as a file, either', async () => {
    const call = (...args: string[]) =>
      finish(pwsh, ['-NoProfile', '-NonInteractive', '-File', pc.file, ...args], {
        ProgramData: join(folder, 'ProgramData'),
      });
    for (const word of ['-Unistall', 'uninstall', 'C:\\rpa'])
      expect(await call(word)).toMatchObject({ code: 2, err: expect.stringContaining(`What is "${word}"`) });
    // What the scheduled task calls is understood.
    expect(await call('-Run', '-State', pc.state)).toMatchObject({
      code: 1,
      err: expect.stringContaining(`Nothing is installed in ${pc.state}`),
    });
  });

  it.each([
    ['-Uninstall -Status', '-Status, -Uninstall'],
    ['-Update -Key', '-Update, -Key'],
    ['-Run -Uninstall -Key', '-Run, -Uninstall, -Key'],
    ['-NoSleep -Uninstall', '-Uninstall, -NoSleep'],
  ])('does neither of two things: %s', async (words, names) => {
    await expectRefusal([words], `${names} do not go together: one of them would be right.`);
  });

  it('takes -NoSleep with an update', async () => {
    expect(await on('-Update', '-NoSleep')).toMatchObject({ code: 0, err: '' });
    expect(await pc.calls()).toContain('powercfg /change standby-timeout-ac 0');
  });

  it.each(['rpa', './rpa', 'C:rpa', 'C:', '\\rpa', '/', '//', '/tmp/../tmp/rpa', '/tmp/.', ''])(
    'needs the full path of a folder: %j',
    async (path) => {
      await expectRefusal(['-Uninstall', '-State', `'${path}'`], '-State must be the full path of a folder');
    },
  );
});

describe('the folder of a Windows PC’s tunnel', () => {
  const actions = ['-Uninstall', ''];
  const precious = { 'letter.txt': 'precious', known_hosts: 'mine' };
  const keysOfUser = { id_ed25519: 'mine', 'id_ed25519.pub': 'mine', known_hosts: 'mine' };

  it.each([
    ['files of somebody', precious],
    ['the keys of a user, which have the same names', keysOfUser],
    ['a copy of the script that was only saved there', { ...precious, 'tunnel.ps1': scriptOf('acme') }],
    ['a script of the same name', { 'tunnel.ps1': `$code = 'acme'\r\n` }],
    ['the tunnel of another customer', { ...keysOfUser, 'tunnel.ps1': scriptOf('acme-2') }],
  ])('is never one with %s', async (_, files) => {
    await fill(files);
    const state = `-State '${pc.state}'`;
    for (const action of actions) await expectRefusal([action, state], `${pc.state} holds files`);
    for (const action of ['-Key', '-Run'])
      expect(await on(action)).toMatchObject({
        code: 1,
        err: expect.stringContaining('Nothing is installed'),
      });
    expect(await filesOf(pc.state)).toEqual(files);
  });

  it('is never a link, nor in one, nor a file', async () => {
    const other = join(folder, 'other');
    await fill({ 'tunnel.ps1': scriptOf('acme'), ...keysOfUser }, join(other, 'state'));
    const before = await filesOf(join(other, 'state'));
    await mkdir(dirname(pc.state), { recursive: true });
    await symlink(join(other, 'state'), pc.state);
    await symlink(other, join(folder, 'linked'));
    for (const path of [pc.state, `${pc.state}/`, join(folder, 'linked', 'state'), pc.file])
      for (const action of actions)
        await expectRefusal([action, `-State '${path}'`], 'must be a plain folder');
    expect(await filesOf(join(other, 'state'))).toEqual(before);
  });

  it.each(['new', 'empty'])(
    'may be one that is %s, which goes again with all that is in it',
    async (kind) => {
      if (kind === 'empty') await fill({});
      expect(await on()).toMatchObject({ code: 0, err: '', out: expect.stringContaining('Made the key') });
      for (const name of [
        'tunnel.log',
        'tunnel.log.1',
        'ssh.err',
        'ssh.out',
        'ssh.pid',
        'lock',
        'tunnel.ps1.new',
      ])
        await writeFile(join(pc.state, name), '');
      expect(await on('-Uninstall')).toMatchObject({ code: 0, err: '' });
      expect(await readdir(join(folder, 'ProgramData'))).toEqual([]);
    },
  );

  it('keeps its key and the files of others in an update, and the files of others when the tunnel goes', async () => {
    await on();
    await writeFile(join(pc.state, 'letter.txt'), 'precious');
    await mkdir(join(pc.state, 'lock'));
    const key = await readFile(join(pc.state, 'id_ed25519'), 'utf8');
    expect(await on('-Update')).toMatchObject({ code: 0, err: '' });
    // Whose folder it is, the task tells, too.
    await rm(join(pc.state, 'tunnel.ps1'));
    expect(await on('-Update')).toMatchObject({ code: 0, err: '' });
    expect(await readFile(join(pc.state, 'id_ed25519'), 'utf8')).toBe(key);
    expect(await on('-Uninstall')).toMatchObject({
      ...{ code: 0, err: '' },
      out: expect.stringContaining(`${pc.state} stays`),
    });
    expect((await readdir(pc.state)).sort()).toEqual(['letter.txt', 'lock']);
  });

  it('that no task uses is made anew when it holds nothing else, and else refused: it may be a trap', async () => {
    await fill({ 'tunnel.ps1': scriptOf('acme'), id_ed25519: 'trap', 'letter.txt': 'precious' });
    await expectRefusal(['-Update', `-State '${pc.state}'`], `${pc.state} holds files`);
    await rm(join(pc.state, 'letter.txt'));
    expect(await on()).toMatchObject({ code: 0, err: '' });
    expect(await readFile(join(pc.state, 'id_ed25519'), 'utf8')).toContain('PRIVATE KEY');
    // A task that keeps the tunnel from another folder says nothing of this one.
    const next = join(dirname(pc.state), 'next');
    await fill({ 'tunnel.ps1': scriptOf('acme'), id_ed25519: 'trap' }, next);
    expect(await pc.call(['-State', `'${next}'`], env)).toMatchObject({ code: 0, err: '' });
    expect(await readFile(join(next, 'id_ed25519'), 'utf8')).toContain('PRIVATE KEY');
  });

  it('in its own place is known without a copy, and can be taken away twice', async () => {
    const own = join(folder, 'ProgramData', 'ssh-via-gateway', 'acme');
    await fill({ id_ed25519: 'ours', 'letter.txt': 'precious' }, own);
    for (let times = 0; times < 2; times++)
      expect(await pc.call(['-Uninstall'], env)).toMatchObject({ code: 0, err: '' });
    expect(await readdir(own)).toEqual(['letter.txt']);
    await rm(join(own, 'letter.txt'));
    expect(await pc.call([], env)).toMatchObject({ code: 0, err: '' });
    expect(existsSync(join(own, 'tunnel.ps1'))).toBe(true);
  });
});
