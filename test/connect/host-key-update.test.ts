import { generateKeyPairSync, sign } from 'node:crypto';
import {
  appendFile,
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { hashHostName } from '../../src/host-key/known-hosts/match.ts';
import type { ConnectOptions, KnownHostsOption, LogRecord } from '../../src/options/types.ts';
import { switchedOff } from '../../src/ssh2/insides/registry/look.ts';
import {
  blobOf,
  field,
  friendlyAnswer,
  type HostKeyPair,
  newHostKey,
  payload,
  type RawConnection,
  startRawServer,
} from '../support/raw-server.ts';

/** What happens each time that a file is about to be replaced. */
const atCopy: Array<() => Promise<void>> = [];
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>();
  const link: typeof fs.link = async (...given) => {
    await atCopy.shift()?.();
    return fs.link(...given);
  };
  return { ...fs, link };
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'svg-host-key-update-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A host key with what proves it. */
interface Told {
  blob: Buffer;
  line: string;
  sign(data: Buffer): Buffer;
}

function ed25519(pair: HostKeyPair = newHostKey()): Told {
  const blob = blobOf(pair);
  const signed = (data: Buffer) =>
    Buffer.concat([field('ssh-ed25519'), field(sign(null, data, pair.privateKey))]);
  return { blob, line: `ssh-ed25519 ${blob.toString('base64')}`, sign: signed };
}

function rsa(hash: 'sha1' | 'sha256' | 'sha512' = 'sha512'): Told {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const mpint = (text: string) => field(Buffer.concat([Buffer.alloc(1), Buffer.from(text, 'base64url')]));
  const blob = Buffer.concat([field('ssh-rsa'), field(Buffer.from(e, 'base64url')), mpint(n)]);
  const name = { sha1: 'ssh-rsa', sha256: 'rsa-sha2-256', sha512: 'rsa-sha2-512' }[hash];
  const signed = (data: Buffer) => Buffer.concat([field(name), field(sign(hash, data, privateKey))]);
  return { blob, line: `ssh-rsa ${blob.toString('base64')}`, sign: signed };
}

const proofOf = ({ blob, sign }: Told, sessionId: Buffer) =>
  sign(Buffer.concat([field('hostkeys-prove-00@openssh.com'), field(sessionId), field(blob)]));

/** What is proven of the keys that the client asks for. */
type Answer = (asked: readonly Told[], sessionId: Buffer) => Buffer;

const proven: Answer = (asked, sessionId) =>
  Buffer.concat([Buffer.from([81]), ...asked.map((one) => field(proofOf(one, sessionId)))]);

const refused: Answer = () => Buffer.from([82]);

interface World {
  /** What known_hosts holds; `NAME` is the server. */
  record: (name: string) => string;
  told: () => readonly Buffer[];
  /** All keys that there are, for the proofs. */
  keys?: readonly Told[];
  answer?: Answer;
  hostKey?: KnownHostsOption;
  options?: Partial<ConnectOptions>;
  /** How often it tells. Default 1. */
  times?: number;
}

const own = newHostKey();
let files = 0;

async function connectOnce({ record, told, keys = [], answer = proven, hostKey, options, times = 1 }: World) {
  const asked: Told[][] = [];
  const message = () => payload(80, 'hostkeys-00@openssh.com', false);
  const tell = (server: RawConnection) => {
    const all = Buffer.concat([message(), ...told().map(field)]);
    for (let time = 0; time < times; time++) server.send(all);
  };
  const script = {
    answer: (server: RawConnection, message: Buffer) => {
      friendlyAnswer(server, message);
      if (message[0] === 50) tell(server);
      if (message[0] !== 80 || !message.includes('hostkeys-prove-00@openssh.com')) return;
      const found = keys.filter(({ blob }) => message.includes(blob));
      asked.push(found.sort((a, b) => message.indexOf(a.blob) - message.indexOf(b.blob)));
      server.send(answer(asked.at(-1)!, server.sessionId));
    },
  };
  using server = await startRawServer({ key: own, strict: true, script });
  const file = join(folder, `known_hosts-${files++}`);
  const name = `[127.0.0.1]:${server.port}`;
  await writeFile(file, record(name), 'latin1');
  const log: LogRecord[] = [];
  const connection = await connectViaGateway({
    ...{ host: '127.0.0.1', port: server.port, username: 'rpa', password: 'rpa', retry: false },
    hostKey: { knownHosts: file, update: true, ...hostKey },
    log: (entry) => log.push(entry),
    ...options,
  });
  await connection.close();
  const said = log.filter(({ event }) => event.startsWith('host-keys'));
  return { file, name, asked, said, text: await readFile(file, 'latin1') };
}

const me = ed25519(own);
const next = rsa();
const old = ed25519();
const bothTold = () => [me.blob, next.blob];

describe('a server that announces its host keys', () => {
  it('proves the new key, which is then recorded, and the key that is gone is removed', async () => {
    const record = (name: string) =>
      `# mine\n${name} ${me.line} a comment\nother ${ed25519().line}\n${name} ${old.line}\n`;
    const { text, name, said, asked, file } = await connectOnce({ record, told: bothTold, keys: [next] });
    const [comment, first, other, last, end] = text.split('\n');
    expect([comment, first, last, end]).toEqual([
      '# mine',
      `${name} ${me.line} a comment`,
      `${name} ${next.line}`,
      '',
    ]);
    expect(other).toMatch(/^other /);
    expect(asked).toEqual([[next]]);
    expect(said).toMatchObject([{ level: 'info', event: 'host-keys-updated', host: '127.0.0.1' }]);
    expect(said[0]?.message).toMatch(/: learnt ssh-rsa SHA256:[\w+/]{43}; removed 1$/);
    expect(await readFile(`${file}.old`, 'latin1')).toContain(old.line);
  });

  it('need prove nothing if keys are only gone', async () => {
    const record = (name: string) => `${name} ${me.line}\n${name} ${old.line}\n`;
    const { text, name, asked, said } = await connectOnce({ record, told: () => [me.blob] });
    expect(text).toBe(`${name} ${me.line}\n`);
    expect(asked).toEqual([]);
    expect(said[0]?.message).toMatch(/: learnt none; removed 1$/);
  });

  it('is ignored unless updates are enabled', async () => {
    const record = (name: string) => `${name} ${me.line}\n`;
    const { text, name, said, asked } = await connectOnce({
      ...{ record, told: bothTold, keys: [next] },
      hostKey: { update: false },
    });
    expect([text, said, asked]).toEqual([record(name), [], []]);
  });

  it('is handled once', async () => {
    const record = (name: string) => `${name} ${me.line}
`;
    const { asked } = await connectOnce({ record, told: bothTold, keys: [next], times: 3, answer: refused });
    expect(asked).toHaveLength(1);
  });

  it.each<[string, Answer]>([
    ['a refusal', refused],
    ['nothing', () => Buffer.from([81])],
    ['garbage', () => Buffer.from([81, 0, 0, 1, 0])],
    ['a proof of another session', (keys) => proven(keys, Buffer.alloc(32, 7))],
    ['a proof by another key', (_keys, id) => proven([rsa()], id)],
    ['one proof too many', (keys, id) => proven([...keys, me], id)],
    ['the proof of the key that it has', (_keys, id) => proven([me], id)],
  ])('is not trusted with %s', async (_what, answer) => {
    const record = (name: string) => `${name} ${me.line}\n${name} ${old.line}\n`;
    const { text, name, said } = await connectOnce({ record, told: bothTold, keys: [next], answer });
    expect(text).toBe(record(name));
    expect(said).toMatchObject([{ level: 'warn', event: 'host-keys-kept' }]);
    expect(said[0]?.message).toContain('did not prove');
  });

  it('is not trusted if one of two proofs is wrong', async () => {
    const second = ed25519();
    const record = (name: string) => `${name} ${me.line}\n`;
    const { text, name, asked } = await connectOnce({
      ...{ record, told: () => [me.blob, next.blob, second.blob], keys: [next, second] },
      answer: (keys, id) => proven([keys[0]!, keys[0]!], id),
    });
    expect(asked[0]).toEqual([next, second]);
    expect(text).toBe(record(name));
  });

  it('does not get an RSA key recorded that is proven only by SHA-1, as with ssh', async () => {
    const [weak, second] = [rsa('sha1'), rsa('sha256')];
    const record = (name: string) => `${name} ${me.line}\n`;
    const { text, name } = await connectOnce({
      ...{ record, told: () => [me.blob, weak.blob, second.blob], keys: [weak, second] },
    });
    expect(text).toBe(`${record(name)}${name} ${second.line}\n`);
  });

  it('that never answers does not prevent the close', async () => {
    const record = (name: string) => `${name} ${me.line}\n`;
    const { text, name } = await connectOnce({
      ...{ record, told: bothTold, keys: [next], answer: () => payload(2, 'noise') },
    });
    expect(text).toBe(record(name));
  });

  it.each<[string, () => Buffer[]]>([
    ['not the key that it has shown', () => [next.blob]],
    ['a key twice', () => [me.blob, next.blob, me.blob]],
    ['none', () => []],
    ['101 keys', () => [me.blob, ...Array.from({ length: 100 }, () => ed25519().blob)]],
    ['what is no key', () => [Buffer.from('abc')]],
  ])('is ignored if it announces %s', async (_what, told) => {
    const record = (name: string) => `${name} ${me.line}\n${name} ${old.line}\n`;
    const { text, name, asked, said } = await connectOnce({
      record,
      told,
      keys: [next],
    });
    expect([text, asked]).toEqual([record(name), []]);
    expect(said).toMatchObject([{ level: 'warn', event: 'host-keys-kept' }]);
  });

  it('does not affect recorded keys of types that this connection does not accept', async () => {
    const record = (name: string) => `${name} ${me.line}\n${name} ${next.line}\n`;
    const { text, name, asked } = await connectOnce({
      ...{ record, told: bothTold, keys: [next] },
      options: { algorithms: { serverHostKey: ['ssh-ed25519'] } },
    });
    expect([text, asked]).toEqual([record(name), []]);
  });

  it('is ignored if the internals of ssh2 have changed', async () => {
    switchedOff.add('further host keys');
    try {
      const record = (name: string) => `${name} ${me.line}\n`;
      const { text, name, asked } = await connectOnce({ record, told: bothTold, keys: [next] });
      expect([text, asked]).toEqual([record(name), []]);
    } finally {
      switchedOff.delete('further host keys');
    }
  });
});

describe('an entry', () => {
  it.each<[string, (name: string) => string]>([
    ['with a pattern', () => `[127.0.0.*]:* ${me.line}\n`],
    ['with three names', (name) => `${name},a,b ${me.line}\n`],
    ['beside a revocation', (name) => `${name} ${me.line}\n@revoked ${name} ${old.line}\n`],
    ['beside an authority', (name) => `${name} ${me.line}\n@cert-authority ${name} ${old.line}\n`],
    ['of a new key under another name', (name) => `${name} ${me.line}\nother ${next.line}\n`],
    ['of its key under another name', (name) => `${name} ${me.line}\nother ${me.line}\n`],
    [
      'of a key that is gone, under another name',
      (name) => `${name} ${me.line}\n${name} ${old.line}\nother ${old.line}\n`,
    ],
    ['of the host without its port', () => `127.0.0.1 ${me.line}\n`],
    ['of all keys', (name) => `${name} ${me.line}\n${name} ${next.line}\n`],
  ])('%s is not changed', async (_what, record) => {
    const { text, name, asked, said } = await connectOnce({ record, told: bothTold, keys: [next] });
    expect([text, asked]).toEqual([record(name), []]);
    expect(said.every(({ level }) => level === 'debug')).toBe(true);
  });

  it.each([undefined, true, false])(
    'that is hashed gets a hashed entry beside it (hash: %s)',
    async (hash) => {
      const record = (name: string) => `${hashHostName(name, Buffer.alloc(20, 1))} ${me.line}\n`;
      const { text, name } = await connectOnce({ record, told: bothTold, keys: [next], hostKey: { hash } });
      const [first, second, end] = text.split('\n');
      expect([`${first}\n`, end]).toEqual([record(name), '']);
      expect(second).toMatch(hash === false ? /^\[127/ : /^\|1\|/);
      expect(second?.endsWith(` ${next.line}`)).toBe(true);
    },
  );

  it('under an alias is kept up to date under it', async () => {
    const record = () => `customer-12 ${me.line}\ncustomer-12 ${old.line}`;
    const { text } = await connectOnce({
      ...{ record, told: bothTold, keys: [next], hostKey: { alias: 'customer-12' } },
    });
    expect(text).toBe(`customer-12 ${me.line}\ncustomer-12 ${next.line}\n`);
  });

  it('keeps its line endings and its neighbors, whatever bytes they contain', async () => {
    const record = (name: string) =>
      `caf\xe9 ??\r\n${name} ${me.line}\r\n\r\n@odd x\r\n${name} ${old.line}\r\n# end`;
    const { text, name } = await connectOnce({ record, told: bothTold, keys: [next] });
    expect(text).toBe(`caf\xe9 ??\r\n${name} ${me.line}\r\n\r\n@odd x\r\n# end\n${name} ${next.line}\n`);
  });

  it('just recorded for an unknown server is kept up to date by the next connection', async () => {
    const { text, said } = await connectOnce({
      ...{ record: () => '', told: bothTold, keys: [next], hostKey: { onUnknown: 'accept-new' } },
    });
    expect([text.split('\n').length, said]).toEqual([2, []]);
  });
});

describe('the files', () => {
  it('are all existing files of the user: the first gets all keys, and old ones are removed from the others, as in ssh', async () => {
    const second = join(folder, 'second');
    const gone = join(folder, 'missing');
    const first = join(folder, 'first');
    await writeFile(first, '# first\n');
    const alias = { alias: 'pc' };
    await writeFile(second, `pc ${me.line}\npc ${old.line}\n`);
    await connectOnce({
      ...{ record: () => '', told: bothTold, keys: [next] },
      hostKey: { knownHosts: [gone, first, second], ...alias },
    });
    expect(await readFile(first, 'utf8')).toBe(`# first\npc ${me.line}\npc ${next.line}\n`);
    expect(await readFile(second, 'utf8')).toBe('');
    await expect(stat(gone)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('are only those that were named, and only if the key is recorded there', async () => {
    const theirs = join(folder, 'theirs');
    const mine = join(folder, 'mine');
    await writeFile(theirs, `pc ${me.line}\n`);
    await writeFile(mine, '');
    const { asked } = await connectOnce({
      ...{ record: () => '', told: bothTold, keys: [next] },
      hostKey: { knownHosts: [mine, theirs], update: [mine], alias: 'pc' },
    });
    expect([await readFile(mine, 'utf8'), asked]).toEqual(['', []]);
  });

  it('keep their permissions, and a link to one stays a link', async () => {
    const target = join(folder, 'target');
    const link = join(folder, 'link');
    await writeFile(target, `pc ${me.line}\n`);
    await chmod(target, 0o640);
    await symlink(target, link);
    await connectOnce({
      ...{ record: () => '', told: bothTold, keys: [next] },
      hostKey: { knownHosts: link, alias: 'pc' },
    });
    expect((await stat(target)).mode & 0o777).toBe(0o640);
    expect(await readFile(target, 'utf8')).toBe(`pc ${me.line}\npc ${next.line}\n`);
    expect((await readdir(folder)).filter((name) => /^(target|link)/.test(name)).sort()).toEqual([
      'link',
      'target',
      'target.old',
    ]);
  });

  it.runIf(process.getuid?.() === 0).each([
    ['', 0o600],
    [', through a link and in a folder of his', 0o640],
  ])('that belong to another user stay unchanged%s', async (what, mode) => {
    const [uid, gid] = [4_321, 4_322];
    const home = join(folder, `home${mode}`);
    const [file, link] = [join(home, 'known_hosts'), join(folder, `link-to-${mode}`)];
    await mkdir(home);
    await writeFile(file, `pc ${me.line}\n`, { mode });
    await chown(file, uid, gid);
    await chown(home, uid, gid);
    await symlink(file, link);
    await connectOnce({
      ...{ record: () => '', told: bothTold, keys: [next] },
      hostKey: { knownHosts: what === '' ? file : link, alias: 'pc' },
    });
    expect(await readFile(file, 'utf8')).toBe(`pc ${me.line}\npc ${next.line}\n`);
    const found = await stat(file);
    expect([found.uid, found.gid, found.mode & 0o7777]).toEqual([uid, gid, mode]);
    // What was in it before is shown to nobody else either.
    const old = await stat(`${file}.old`);
    expect([old.uid, old.gid, old.mode & 0o7777]).toEqual([uid, gid, mode]);
    expect((await readdir(home)).sort()).toEqual(['known_hosts', 'known_hosts.old']);
  });

  it.each(['are there', 'are wanting'])(
    'do not change the target of a link at their .old (hard links: %s)',
    async (links) => {
      const [file, victim] = [join(folder, `planted ${links}`), join(folder, `victim ${links}`)];
      await writeFile(file, `pc ${me.line}\n`);
      await writeFile(victim, 'precious');
      await symlink(victim, `${file}.old`);
      if (links === 'are wanting')
        atCopy.push(() => Promise.reject(Object.assign(new Error('none here'), { code: 'EPERM' })));
      await connectOnce({
        ...{ record: () => '', told: bothTold, keys: [next] },
        hostKey: { knownHosts: file, alias: 'pc' },
      });
      expect(await readFile(file, 'utf8')).toBe(`pc ${me.line}\npc ${next.line}\n`);
      expect(await readFile(victim, 'utf8')).toBe('precious');
      expect((await lstat(`${file}.old`)).isFile()).toBe(true);
      expect(await readFile(`${file}.old`, 'utf8')).toBe(`pc ${me.line}\n`);
    },
  );

  it('that another process writes to at the same time lose nothing', async () => {
    const file = join(folder, 'shared');
    await writeFile(file, `pc ${me.line}\n`);
    atCopy.push(() => appendFile(file, 'late ssh-rsa AAAA\n'));
    await connectOnce({
      ...{ record: () => '', told: bothTold, keys: [next] },
      hostKey: { knownHosts: file, alias: 'pc' },
    });
    expect(await readFile(file, 'utf8')).toBe(`pc ${me.line}\nlate ssh-rsa AAAA\npc ${next.line}\n`);
    expect((await readdir(folder)).filter((name) => name.startsWith('shared'))).toEqual([
      'shared',
      'shared.old',
    ]);
  });

  it.each([
    ['never come to rest', 5, /changed 5 times/],
    ['cannot be written', 1, /disk is full/],
  ])('that %s stay unchanged, and no temporary file is left', async (what, times, why) => {
    const file = join(folder, `stuck-${times}`);
    await writeFile(file, `pc ${me.line}\n`);
    const disturb = async () => {
      if (times === 1) throw new Error('the disk is full');
      await appendFile(file, '#\n');
    };
    for (let time = 0; time < times; time++) atCopy.push(disturb);
    const { said } = await connectOnce({
      ...{ record: () => '', told: bothTold, keys: [next] },
      hostKey: { knownHosts: file, alias: 'pc' },
    });
    expect(said).toMatchObject([
      { level: 'warn', event: 'host-keys-kept', message: expect.stringMatching(why) },
    ]);
    expect(await readFile(file, 'utf8'), what).not.toContain(next.line);
    expect((await readdir(folder)).filter((name) => name.startsWith(`stuck-${times}.`))).toEqual(
      times === 1 ? [] : [`stuck-${times}.old`],
    );
  });
});
