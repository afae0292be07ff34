import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Customer, CustomerGateway } from '../../src/index.ts';
import { pcScript } from '../../src/setup/pc/pc-script.ts';
import { finish } from '../support/pcs.ts';

const gateway: CustomerGateway = {
  ...{ host: 'gateway.invalid', port: 22, layout: 'published', operator: 'root' },
  hostKey: ['ssh-ed25519 AAAA'],
};
const customer: Customer = {
  ...{ code: 'acme', account: 'tunnel-acme', port: 9012, username: 'rpa', hostKeyAlias: 'acme' },
  ...{ route: 'published', labels: {}, state: 'active' },
};

/** What the script finds in the place of the programs of a PC: it takes itself for root, and nothing leaves the folder. */
const standIns: Record<string, string> = {
  id: 'echo 0',
  getent: 'exit 2',
  systemctl: 'echo "$*" >>"$CALLS"; exit 1',
  ssh: 'exit 255',
  sshd: '',
  'ssh-keyscan': 'echo one',
  'ssh-keygen': 'for file; do :; done; echo private >"$file"; echo "ssh-ed25519 AAAA acme" >"$file.pub"',
};

let root: string;
let folder: string;
let state: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'linux-pc-'));
  await mkdir(join(root, 'bin'));
  for (const [name, text] of Object.entries(standIns))
    await writeFile(join(root, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
});
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'pc-'));
  state = join(folder, 'state');
  await mkdir(join(folder, 'home'));
});
afterAll(() => rm(root, { recursive: true }));

const scriptOf = (code: string) =>
  pcScript(gateway, { ...customer, code }, { system: 'linux', targetPort: 22 });

/** Runs the script; its own place is in the test's folder. */
async function run(args: string[], code = 'acme') {
  const file = join(folder, `setup-${code}.sh`);
  await writeFile(file, scriptOf(code).replaceAll('/var/lib/ssh-via-gateway-pc', `${folder}/lib`));
  const env = {
    ...{ PATH: `${root}/bin:${process.env['PATH']}`, HOME: join(folder, 'home') },
    CALLS: join(folder, 'calls'),
  };
  return finish('/bin/sh', [file, ...args, '--unit-dir', folder], env);
}
const on = (...args: string[]) => run([...args, '--state', state]);

async function fill(files: Record<string, string>, at = state): Promise<void> {
  await mkdir(at, { recursive: true, mode: 0o755 });
  for (const [name, text] of Object.entries(files)) await writeFile(join(at, name), text);
}
const precious = { 'letter.txt': 'precious\n', known_hosts: 'mine\n' };
const keysOfUser = { id_ed25519: 'mine\n', 'id_ed25519.pub': 'mine\n', known_hosts: 'mine\n' };

/** Refused, with what would be right, and with everything as it was before. */
async function expectRefusal(args: string[], words: string, at = state): Promise<void> {
  const before = await stateOf(at);
  expect(await run(args), args.join(' ')).toEqual({
    ...{ code: 2, out: '' },
    err: expect.stringMatching(new RegExp(`${words}.*would be right\\. Nothing was changed\\.\\n$`)),
  });
  expect(await stateOf(at)).toEqual(before);
  await expect(lstat(join(folder, 'calls'))).rejects.toThrow('ENOENT');
}
async function stateOf(at: string) {
  const names = await readdir(at);
  const files = names.map(async (name) => [name, await readFile(join(at, name), 'utf8').catch(() => '')]);
  return [(await stat(at)).mode & 0o777, Object.fromEntries(await Promise.all(files))];
}

describe('the folder of a Linux PC’s tunnel', () => {
  const changing = ['--uninstall', '--update', undefined];
  const calls = (at: string) => changing.map((action) => [...(action ? [action] : []), '--state', at]);

  it.each([
    ['files of somebody', precious],
    ['the keys of a user, which have the same names', keysOfUser],
    ['a copy of the script that was only saved there', { ...precious, 'tunnel.sh': scriptOf('acme') }],
    ['a script of the same name', { 'tunnel.sh': "#!/bin/sh\ncode='acme'\n" }],
    ['the tunnel of another customer', { ...keysOfUser, 'tunnel.sh': scriptOf('acme-2') }],
  ])('is never one with %s', async (_, files) => {
    await fill(files);
    for (const args of calls(state)) await expectRefusal(args, 'holds files, and not those');
    for (const action of ['--key', '--run']) expect((await on(action)).code, action).toBe(1);
    expect(await stateOf(state)).toEqual([0o755, files]);
  });

  it('is never a link, with or without a slash at its end, nor a file', async () => {
    const other = join(folder, 'other');
    await run(['--state', other]);
    await rm(join(folder, 'calls'));
    await symlink(other, state);
    for (const path of [state, `${state}//`])
      for (const args of calls(path)) await expectRefusal(args, 'is a link', other);
    for (const args of calls(join(folder, 'setup-acme.sh')))
      await expectRefusal(args, 'is not a folder', folder);
  });

  it('is never the root, a path with dots, a home or a folder of the system, however empty', async () => {
    const home = join(folder, 'home');
    for (const path of ['/', '//', `${folder}/x/../home`, `${folder}/./home`, `/${home}`])
      for (const args of calls(path)) await expectRefusal(args, 'full path of a folder', home);
    for (const path of [home, `${home}/`, '/tmp'])
      for (const args of calls(path)) await expectRefusal(args, 'has other uses', home);
  });

  it.each(['new', 'empty'])(
    'may be one that is %s, which goes again with all that is in it',
    async (kind) => {
      if (kind === 'empty') await fill({});
      expect(await on()).toMatchObject({ code: 0, err: '', out: expect.stringContaining('made the key') });
      expect((await stat(state)).mode & 0o777).toBe(0o700);
      for (const name of [
        'known_hosts.new',
        'tunnel.log',
        'tunnel.log.1',
        'ssh.err',
        'ssh.pid',
        'pid',
        'lock',
      ])
        await writeFile(join(state, name), '');
      expect(await on('--uninstall')).toMatchObject({ code: 0, err: '' });
      await expect(lstat(state)).rejects.toThrow('ENOENT');
      expect(await on('--uninstall')).toMatchObject({ code: 0, err: '' });
    },
  );

  it('made by an earlier script is known by its copy, also where its installation was cut short', async () => {
    const earlier = scriptOf('acme').replace(
      /^# --- the folder[\s\S]*?^# --- the tunnel/m,
      '# --- the tunnel',
    );
    await fill({ 'tunnel.sh': earlier, ...keysOfUser });
    expect(await on('--update')).toMatchObject({
      code: 0,
      err: '',
      out: expect.not.stringContaining('made the key'),
    });
    expect(await readFile(join(state, 'id_ed25519'), 'utf8')).toBe('mine\n');
    expect(await on('--key')).toMatchObject({ code: 0, out: expect.stringContaining('--key "mine"') });
    expect(await on('--uninstall')).toMatchObject({ code: 0, err: '' });
    for (const half of ['tunnel.sh.new', 'tunnel.sh']) {
      await fill({ [half]: earlier });
      expect(await on(), half).toMatchObject({ code: 0, err: '' });
      expect(await on('--uninstall')).toMatchObject({ code: 0, err: '' });
    }
    expect(await readdir(folder)).not.toContain('state');
  });

  it('keeps the files of others, and itself, when the tunnel goes', async () => {
    await on();
    await fill({ 'letter.txt': 'precious\n', 'pid lock': '', '.hidden': '' });
    await mkdir(join(state, 'lock'));
    await writeFile(join(folder, 'far'), 'precious\n');
    await symlink(join(folder, 'far'), join(state, 'tunnel.log'));
    expect(await on('--uninstall')).toMatchObject({
      ...{ code: 0, err: '' },
      out: expect.stringContaining(`${state} stays`),
    });
    expect((await readdir(state)).sort()).toEqual(['.hidden', 'letter.txt', 'lock', 'pid lock']);
    expect(await readFile(join(folder, 'far'), 'utf8')).toBe('precious\n');
  });

  it('in its own place is known without a copy, and can be taken away twice', async () => {
    const own = join(folder, 'lib', 'acme');
    await fill({ ...precious, id_ed25519: 'ours\n' }, own);
    for (let times = 0; times < 2; times++)
      expect(await run(['--uninstall'])).toMatchObject({ code: 0, err: '' });
    expect(await readdir(own)).toEqual(['letter.txt']);
  });
});

describe('the script of a Linux PC', () => {
  it.each([
    ['--uninstall', '--status'],
    ['--status', '--uninstall'],
    ['--run', '-Key'],
    ['--update', '--uninstall'],
  ])('does neither of two things: %s %s', async (one, two) => {
    const names = [one, two].map((name) => `--${name.replace(/^-+/, '').toLowerCase()}`).join(' and ');
    expect(await on(one, two)).toEqual({
      ...{ code: 2, out: '' },
      err: `${names} do not go together: one of them would be right.\n`,
    });
    expect(await readdir(folder)).not.toContain('state');
  });

  it('does nothing when help is asked for, and takes the same thing twice for once', async () => {
    for (const args of [
      ['--help', '--uninstall'],
      ['--update', '-h'],
    ])
      expect(await on(...args)).toMatchObject({ code: 0, out: expect.stringContaining('--state DIR') });
    expect(await readdir(folder)).not.toContain('state');
    expect(await on('--status', '-Status')).toMatchObject({ code: 1, err: '' });
  });

  it.each(['--unistall', '--remove', 'uninstall', '/rpa', ''])('does nothing for %j', async (word) => {
    expect(await on(word)).toMatchObject({ code: 2, err: expect.stringContaining(`What is ${word}?`) });
    expect(await readdir(folder)).not.toContain('state');
  });
});
