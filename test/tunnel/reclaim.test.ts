import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ChannelOpenFailed } from '../../src/errors/index.ts';
import { machineName } from '../../src/tunnel/holder/note.ts';
import { reclaimPort } from '../../src/tunnel/reclaim/reclaim.ts';
import type { ReclaimOptions } from '../../src/tunnel/types.ts';
import { answering, FakeConnection, shellSays } from '../support/fake-gateway.ts';

const options = { unnoted: 'keep', answerTimeout: 50, quiet: 90_000, backOff: 60_000 } as const;
const held = 'listener 00000000:2334 1001';
const own = [
  'boot b1',
  'self 500 900 sshd',
  'uid 1001',
  'session 500 900 1001 499 sshd',
  'session 499 899 0 1 sshd',
];
const zombie = ['session 300 600 1001 299 sshd', 'session 299 599 0 1 sshd', 'session 1 10 0 0 sshd'];

interface Scene {
  id?: string;
  hadIt?: boolean;
  ownBanner?: number | 'none';
  seen: string[];
  ended?: string;
  answer?: () => PassThrough | Error;
  unnoted?: ReclaimOptions['unnoted'];
  quiet?: number;
  own?: { pid: number; start: string; boot: string };
}

async function reclaim({
  seen,
  ended = 'ended',
  answer,
  unnoted,
  quiet,
  own: mine,
  ownBanner,
  ...rest
}: Scene) {
  const connection = new FakeConnection();
  connection.onOpenStream = answer ?? (() => new PassThrough());
  connection.onExec = (script) =>
    script.includes('kill -TERM') ? shellSays(`result ${ended}`) : shellSays(...seen);
  const result = await reclaimPort(connection, {
    port: 9012,
    address: { host: '127.0.0.1', port: 9012 },
    options: { ...options, ...(unnoted && { unnoted }), ...(quiet && { quiet }) },
    own: mine,
    ...rest,
    ...(ownBanner === undefined
      ? {}
      : { askTarget: async () => (ownBanner === 'none' ? undefined : ownBanner) }),
  });
  const kills = connection.scripts.filter((script) => script.includes('kill -TERM'));
  return { result, kills };
}

describe('reclaiming a port', () => {
  it('ends the session of the note if it is silent', async () => {
    const { result, kills } = await reclaim({ seen: [...own, held, 'note 300 600 b1', ...zombie] });
    expect(result).toEqual({ kind: 'reclaimed', pid: 300, evidence: 'note', silentMs: 50 });
    expect(kills).toHaveLength(1);
    expect(kills[0]).toContain('victim="300"; born="600"; ');
  });

  it("ends this tunnel's own lost session without checking whether it answers", async () => {
    const { result, kills } = await reclaim({
      seen: [],
      own: { pid: 300, start: '600', boot: 'b1' },
      answer: () => {
        throw new Error('must not be asked');
      },
    });
    expect(result).toEqual({ kind: 'reclaimed', pid: 300, evidence: 'own' });
    expect(kills).toHaveLength(1);
  });

  it.each([
    [
      'survived',
      { kind: 'refused', reason: 'survived', message: expect.stringContaining('Session 77 ended neither') },
    ],
    ['gone', { kind: 'reclaimed', pid: 300 }],
    ['anything', { kind: 'reclaimed', pid: 300 }],
  ])('continues to search if its own session %s, unless that is still alive', async (ended, expected) => {
    const seen = [...own, held, 'note 300 600 b1', ...zombie];
    const connection = new FakeConnection();
    connection.onOpenStream = () => new PassThrough();
    connection.onExec = (script) => {
      if (!script.includes('kill -TERM')) return shellSays(...seen);
      return shellSays(`result ${script.includes('victim="77"') ? ended : 'ended'}`);
    };
    const result = await reclaimPort(connection, {
      ...{ port: 9012, address: { host: '127.0.0.1', port: 9012 }, options },
      own: { pid: 77, start: '9', boot: 'b1' },
    });
    expect(result).toMatchObject(expected);
  });

  it.each([
    [30, undefined, 120],
    [5, undefined, 50],
    [5, 25, 100],
    [undefined, undefined, 50],
  ])(
    'waits four times as long as the targets take, its own %s ms and the holder’s %s',
    async (ownBanner, took, silentMs) => {
      const note = `note 300 600 b1 pc tunnel-b 1 60 ${took ?? '-'}`;
      const scene = { seen: [...own, held, note, ...zombie], id: 'tunnel-b' };
      const { result } = await reclaim(ownBanner === undefined ? scene : { ...scene, ownBanner });
      expect(result).toMatchObject({ kind: 'reclaimed', silentMs });
    },
  );

  it('allows for the clock ticks of the gateway, and for a note from the future', async () => {
    const seen = [...own, held, ...zombie];
    const young = await reclaim({ seen: [...seen, 'clock 10.0 1000'], unnoted: 'only-session' });
    expect(young.result).toMatchObject({ retryIn: 80_600 });
    const future = await reclaim({ seen: noteOf('other-pc tunnel-b 1001 60 20'), id: 'tunnel-a' });
    expect(future.result).toMatchObject({ message: expect.stringContaining('was up 0 s ago') });
  });

  it('does not end a silent session if the published service does not speak first', async () => {
    const { result, kills } = await reclaim({
      seen: [...own, held, 'note 300 600 b1', ...zombie],
      ownBanner: 'none',
    });
    expect(result).toMatchObject({ kind: 'refused', reason: 'cannot-check' });
    expect(kills).toEqual([]);
  });

  it('gives a holder four times as long as its own target takes', async () => {
    const late = () => {
      const stream = new PassThrough();
      setTimeout(() => stream.write('SSH-2.0-slow\r\n'), 150);
      return stream;
    };
    const { result, kills } = await reclaim({
      seen: [...own, held, 'note 300 600 b1', ...zombie],
      answer: late,
      ownBanner: 150,
    });
    expect(result).toMatchObject({ kind: 'refused', reason: 'answers' });
    expect(kills).toEqual([]);
  });

  const noteOf = (words: string) => [...own, held, `note 300 600 b1 ${words}`, 'clock 1000.5 100', ...zombie];

  it('leaves the port to the tunnel that has taken it over while that is alive, and names its machine', async () => {
    const seen = noteOf('other-pc tunnel-b 990 60 20');
    const scene = { seen, id: 'tunnel-a', hadIt: true };
    const { result, kills } = await reclaim(scene);
    expect(result).toMatchObject({
      ...{ kind: 'refused', reason: 'taken-over', lostTo: 'tunnel-b 300 600' },
      message: expect.stringMatching(/was up 11 s ago.*other-pc has taken it.*give one of them another/),
    });
    expect(kills).toEqual([]);
    // Long silent by its word, but it answers all the same.
    const answers = {
      ...scene,
      seen: noteOf('other-pc tunnel-b 1 60 20'),
      answer: () => answering('SSH-2.0-x\n'),
    };
    expect((await reclaim(answers)).result).toMatchObject({
      reason: 'taken-over',
      message: expect.stringMatching(/answers \(SSH-2.0-x\)/),
    });
  });

  it('takes the port back once the tunnel that had taken it over has died', async () => {
    const dead = { seen: noteOf('other-pc tunnel-b 900 60 20'), id: 'tunnel-a', hadIt: true };
    expect((await reclaim(dead)).result).toMatchObject({ kind: 'reclaimed', pid: 300, holder: 'other-pc' });
  });

  it('trusts the note of a tunnel on another machine that was up a moment ago, and says when to try again', async () => {
    const { result, kills } = await reclaim({ seen: noteOf('other-pc tunnel-b 990 60 20'), id: 'tunnel-a' });
    expect(result).toMatchObject({ kind: 'refused', reason: 'recently-up', retryIn: 79_500 });
    expect(kills).toEqual([]);
    // Its checks are further apart than `quiet`: half as long again as one of those.
    const rare = await reclaim({ seen: noteOf('other-pc tunnel-b 700 300 20'), id: 'tunnel-a' });
    expect(rare.result).toMatchObject({ kind: 'refused', reason: 'recently-up', retryIn: 149_500 });
  });

  it('trusts the note until its quiet time has passed, and no longer', async () => {
    const seen = noteOf('other-pc tunnel-b 990 5 20');
    const last = await reclaim({ seen, id: 'tunnel-a', quiet: 10_501 });
    expect(last.result).toMatchObject({ reason: 'recently-up', retryIn: 1 });
    expect((await reclaim({ seen, id: 'tunnel-a', quiet: 10_500 })).result.kind).toBe('reclaimed');
  });

  it('recognizes the predecessor of this tunnel on this machine, and its own notes', async () => {
    const mine = noteOf(`${machineName()} tunnel-b 999 60 20`);
    expect((await reclaim({ seen: mine, id: 'tunnel-a' })).result).toMatchObject({ kind: 'reclaimed' });
    const same = noteOf('other-pc tunnel-a 999 60 20');
    expect((await reclaim({ seen: same, id: 'tunnel-a', hadIt: true })).result).toMatchObject({
      kind: 'reclaimed',
    });
  });

  it('uses the age of the session with an older note, which does not say when it was up', async () => {
    const old = [...own, held, 'note 300 600 b1 other-pc tunnel-b', ...zombie];
    const young = await reclaim({ seen: [...old, 'clock 10.0 100'], id: 'tunnel-a' });
    expect(young.result).toMatchObject({ kind: 'refused', reason: 'recently-up', retryIn: 86_000 });
    const aged = await reclaim({ seen: [...old, 'clock 97.0 100'], id: 'tunnel-a' });
    expect(aged.result).toMatchObject({ kind: 'reclaimed', holder: 'other-pc' });
  });

  it('ends no session without a note that began a moment ago', async () => {
    const seen = [...own, held, 'clock 10.0 100', ...zombie];
    expect((await reclaim({ seen, unnoted: 'only-session' })).result).toMatchObject({
      ...{ kind: 'refused', reason: 'recently-up', retryIn: 86_000 },
      message: expect.stringContaining('began 4 s ago'),
    });
  });

  it('waits for a holder as long as that has noted for its own target', async () => {
    const late = () => {
      const stream = new PassThrough();
      setTimeout(() => stream.write('SSH-2.0-slow\r\n'), 150);
      return stream;
    };
    const { result } = await reclaim({
      seen: noteOf(`${machineName()} tunnel-b 1 60 100`),
      answer: late,
      ownBanner: 1,
    });
    expect(result).toMatchObject({ kind: 'refused', reason: 'answers' });
  });

  it('does not end a holder that publishes something other than an SSH server, whatever it publishes itself', async () => {
    const { result, kills } = await reclaim({
      seen: noteOf(`${machineName()} tunnel-b 1 0 mute`),
      ownBanner: 1,
    });
    expect(result).toMatchObject({ kind: 'refused', reason: 'cannot-check' });
    expect(kills).toEqual([]);
  });

  it.each([
    [
      'answers',
      { seen: [...own, held, 'note 300 600 b1', ...zombie], answer: () => answering('SSH-2.0-x\n') },
    ],
    [
      'answers',
      { seen: [...own, held, 'note 300 600 b1', ...zombie], answer: () => new PassThrough().end() },
    ],
    [
      'cannot-check',
      {
        seen: [...own, held, 'note 300 600 b1', ...zombie],
        answer: () => new ChannelOpenFailed('forbidden', { phase: 'channel', reasonCode: 1 }),
      },
    ],
    ['other-user', { seen: [...own, 'listener 00000000:2334 1002', 'note 300 600 b1', ...zombie] }],
    ['no-note', { seen: [...own, held, ...zombie] }],
    ['no-note', { seen: [...own, held, 'note 300 601 b1', ...zombie] }],
    ['no-note', { seen: [...own, held, 'note 300 600 b0', ...zombie] }],
    ['no-note', { seen: [...own, held, 'note 500 900 b1', ...zombie] }],
    ['no-note', { seen: [...own, held, 'note 299 599 b1', ...zombie] }],
    ['no-note', { seen: [...own, held], unnoted: 'only-session' }],
    [
      'several-sessions',
      { seen: [...own, held, ...zombie, 'session 301 1 1001 299 sshd'], unnoted: 'only-session' },
    ],
    [
      'answers',
      { seen: [...own, held, ...zombie], unnoted: 'only-session', answer: () => answering('SSH-2.0-x\n') },
    ],
    ['no-proc', { seen: [...own, 'noproc'] }],
  ] as const)('does not end the session: %s (%#)', async (reason, scene) => {
    const { result, kills } = await reclaim(scene as unknown as Scene);
    expect(result).toMatchObject({ kind: 'refused', reason, message: expect.stringMatching(/\.$/) });
    expect(kills).toHaveLength(0);
  });

  it('ends a session without a note only if told to and if it is the only one', async () => {
    const { result } = await reclaim({ seen: [...own, held, ...zombie], unnoted: 'only-session' });
    expect(result).toEqual({ kind: 'reclaimed', pid: 300, evidence: 'only-session', silentMs: 50 });
  });

  it('reports the port as free if nothing listens any more, or the session has ended', async () => {
    expect((await reclaim({ seen: own })).result).toEqual({ kind: 'free' });
    const scene = { seen: [...own, held, 'note 300 600 b1', ...zombie] };
    expect((await reclaim({ ...scene, ended: 'gone' })).result).toEqual({ kind: 'free' });
    const refused = () => new ChannelOpenFailed('refused', { phase: 'channel', reasonCode: 2 });
    expect((await reclaim({ ...scene, answer: refused })).result).toEqual({ kind: 'free' });
  });

  it('reports that the session survived', async () => {
    const scene = { seen: [...own, held, 'note 300 600 b1', ...zombie], ended: 'survived' };
    expect((await reclaim(scene)).result).toMatchObject({ kind: 'refused', reason: 'survived' });
  });

  it.each(['', 'This account is currently not available.\n', 'ssh-via-gateway-script-2\n'])(
    'reads %j as an account without a shell',
    async (stdout) => {
      const connection = new FakeConnection();
      connection.onExec = () => stdout;
      const request = { port: 9012, address: { host: '127.0.0.1', port: 9012 }, options };
      expect(await reclaimPort(connection, request)).toMatchObject({ kind: 'refused', reason: 'no-shell' });
    },
  );

  it('sends no quote, line break or exclamation mark that a login shell could misread', async () => {
    const connection = new FakeConnection();
    connection.onExec = () => shellSays(...own, held, 'note 300 600 b1', ...zombie);
    connection.onOpenStream = () => new PassThrough();
    await reclaimPort(connection, { port: 9012, address: { host: '127.0.0.1', port: 9012 }, options });
    expect(connection.scripts).toHaveLength(2);
    for (const script of connection.scripts) {
      expect(script).toMatch(/^exec sh -c '(?:[^'\n\\!]|'\\!')*'$/);
    }
  });
});
