import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ChannelOpenFailed } from '../../src/errors/index.ts';
import { reclaimPort } from '../../src/tunnel/reclaim.ts';
import type { ReclaimOptions } from '../../src/tunnel/types.ts';
import { answering, FakeConnection, shellSays } from '../support/fake-gateway.ts';

const options = { unnoted: 'keep', answerTimeout: 50 } as const;
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
  own?: { pid: number; start: string; boot: string };
}

async function reclaim({ seen, ended = 'ended', answer, unnoted, own: mine, ownBanner, ...rest }: Scene) {
  const connection = new FakeConnection();
  connection.onOpenStream = answer ?? (() => new PassThrough());
  connection.onExec = (script) =>
    script.includes('kill -TERM') ? shellSays(`result ${ended}`) : shellSays(...seen);
  const result = await reclaimPort(connection, {
    port: 9012,
    address: { host: '127.0.0.1', port: 9012 },
    options: { ...options, ...(unnoted ? { unnoted } : {}) },
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
  it('ends the session of the note when it is silent', async () => {
    const { result, kills } = await reclaim({ seen: [...own, held, 'note 300 600 b1', ...zombie] });
    expect(result).toEqual({ kind: 'reclaimed', pid: 300, evidence: 'note', silentMs: 50 });
    expect(kills).toHaveLength(1);
    expect(kills[0]).toContain('victim="300"; born="600"; ');
  });

  it('ends the session that this tunnel itself has lost without asking whether it answers', async () => {
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

  it('leaves a silent session alone when what is published does not speak first', async () => {
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

  it('leaves the port to the tunnel that has taken it over, and names its machine', async () => {
    const seen = [...own, held, 'note 300 600 b1 other-pc tunnel-b', ...zombie];
    const { result, kills } = await reclaim({ seen, id: 'tunnel-a', hadIt: true });
    expect(result).toMatchObject({
      kind: 'refused',
      reason: 'taken-over',
      message: expect.stringMatching(/other-pc.*two PCs have the same port/),
    });
    expect(kills).toEqual([]);
    expect((await reclaim({ seen, id: 'tunnel-a', hadIt: false })).result).toMatchObject({
      kind: 'reclaimed',
      holder: 'other-pc',
    });
    expect((await reclaim({ seen, id: 'tunnel-b', hadIt: true })).result).toMatchObject({
      kind: 'reclaimed',
    });
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
  ] as const)('leaves the session alone: %s (%#)', async (reason, scene) => {
    const { result, kills } = await reclaim(scene as unknown as Scene);
    expect(result).toMatchObject({ kind: 'refused', reason, message: expect.stringMatching(/\.$/) });
    expect(kills).toHaveLength(0);
  });

  it('ends an unnoted session only when told to and when it is the only one', async () => {
    const { result } = await reclaim({ seen: [...own, held, ...zombie], unnoted: 'only-session' });
    expect(result).toEqual({ kind: 'reclaimed', pid: 300, evidence: 'only-session', silentMs: 50 });
  });

  it('says that the port is free when nobody listens any more, or the session ended meanwhile', async () => {
    expect((await reclaim({ seen: own })).result).toEqual({ kind: 'free' });
    const scene = { seen: [...own, held, 'note 300 600 b1', ...zombie] };
    expect((await reclaim({ ...scene, ended: 'gone' })).result).toEqual({ kind: 'free' });
    const refused = () => new ChannelOpenFailed('refused', { phase: 'channel', reasonCode: 2 });
    expect((await reclaim({ ...scene, answer: refused })).result).toEqual({ kind: 'free' });
  });

  it('says so when the session survives', async () => {
    const scene = { seen: [...own, held, 'note 300 600 b1', ...zombie], ended: 'survived' };
    expect((await reclaim(scene)).result).toMatchObject({ kind: 'refused', reason: 'survived' });
  });

  it.each(['', 'This account is currently not available.\n', 'ssh-via-gateway-script-2\n'])(
    'takes %j for an account without a shell',
    async (stdout) => {
      const connection = new FakeConnection();
      connection.onExec = () => stdout;
      const request = { port: 9012, address: { host: '127.0.0.1', port: 9012 }, options };
      expect(await reclaimPort(connection, request)).toMatchObject({ kind: 'refused', reason: 'no-shell' });
    },
  );

  it('sends no quote and no line break that a login shell could stumble over', async () => {
    const connection = new FakeConnection();
    connection.onExec = () => shellSays(...own, held, 'note 300 600 b1', ...zombie);
    connection.onOpenStream = () => new PassThrough();
    await reclaimPort(connection, { port: 9012, address: { host: '127.0.0.1', port: 9012 }, options });
    expect(connection.scripts).toHaveLength(2);
    for (const script of connection.scripts) {
      expect(script).toMatch(/^exec sh -c '[^'\n\\]*'$/);
    }
  });
});
