import { describe, expect, it } from 'vitest';
import type { TransferOptions } from '../../src/sftp/transfer/options.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import { factsOf } from '../../src/windows/versions.ts';
import { memorySftp } from '../support/memory-sftp.ts';

type Server = NonNullable<Parameters<typeof memorySftp>[0]>;

/** What comes of an upload to `/a`, where that has a mode. */
async function send(options: TransferOptions, server: Server, mode?: number) {
  const memory = memorySftp(server);
  if (mode !== undefined) memory.put('/a', { mode, bytes: Buffer.from('old') });
  const outcome = await upload(memory.opener, Buffer.from('new'), '/a', options).catch((error) => error);
  await memory.quiet();
  expect(memory.handles()).toEqual([]);
  return { ...memory, outcome };
}

const windows = factsOf('9.5');
const ways: [string, TransferOptions][] = [
  ['beside it', {}],
  ['in place', { atomic: false }],
  ['resuming', { resume: true }],
  ['resuming in place', { resume: true, atomic: false }],
];

describe.each(ways)('what exists at the target of an upload: %s', (_way, options) => {
  it.each([0o010644, 0o020644, 0o060644, 0o140644])('is not replaced if it is special: %o', async (mode) => {
    const { outcome, files, content, asked } = await send(options, {}, mode);
    expect(outcome).toMatchObject({
      reason: 'a device, pipe or socket is there, and only a file is replaced',
    });
    expect([files(), content('/a')]).toEqual([['/a'], 'old']);
    if (!options.atomic || options.resume)
      expect(asked.some((request) => request.startsWith('open /a'))).toBe(false);
  });

  it('is not replaced if it is read-only on Windows, but is elsewhere', async () => {
    const guarded = await send(options, { windows }, 0o100444);
    expect(guarded.outcome).toMatchObject({ reason: expect.stringContaining('the file there is read-only') });
    expect([guarded.files(), guarded.content('/a')]).toEqual([['/a'], 'old']);
    const other = await send(options, {}, 0o100444);
    expect([other.outcome.files, other.content('/a')]).toEqual([1, 'new']);
    const keeping = await send(options, { windows: { ...windows, keepsMode: true } }, 0o100444);
    expect(keeping.outcome.files).toBe(1);
  });

  it('is not replaced if it is a folder', async () => {
    const { outcome, files } = await send(options, { files: { '/a/': '' } });
    expect(outcome).toMatchObject({
      code: 'SSH_TRANSFER_FAILED',
      reason: expect.stringMatching(/a folder is there|failure|refused/),
    });
    expect(files()).toEqual([]);
  });

  it('is replaced at the end of a chain of links', async () => {
    const { outcome, content, entry } = await send(options, {
      files: { '/a': '->/b', '/b': '->/c', '/c': 'old' },
    });
    expect([outcome.files, content('/c')]).toEqual([1, 'new']);
    expect(entry('/a')?.target).toBe('/b');
  });
});

describe('a link that leads back to itself', () => {
  it.each([{}, { resume: true }])('is rejected: %j', async (options) => {
    const memory = memorySftp({ files: { '/a': '->/b', '/b': '->/a' } });
    const session = memory.session();
    memory.opener.openSftp = async () => Object.assign(session, { realPath: async (path: string) => path });
    const error = await upload(memory.opener, Buffer.from('new'), '/a', options).catch((problem) => problem);
    expect(error.reason).toContain('a symbolic link that leads back to itself');
    await memory.quiet();
    expect([memory.files(), memory.handles()]).toEqual([['/a', '/b'], []]);
  });
});

it('follows links one by one where REALPATH does not', async () => {
  const memory = memorySftp({ files: { '/a': '->/b', '/b': '->c', '/c': 'old' } });
  const session = memory.session();
  memory.opener.openSftp = async () => Object.assign(session, { realPath: async (path: string) => path });
  await upload(memory.opener, Buffer.from('new'), '/a', {});
  expect(memory.content('/c')).toBe('new');
});

describe('a temporary file that cannot be created', () => {
  const refuses = (status: number) => ({
    refuse: (request: string) => (request.startsWith('open') ? status : undefined),
  });

  it('is reported as a folder at the target if there is one', async () => {
    const { outcome } = await send({}, { files: { '/a/': '' }, ...refuses(3) });
    expect(outcome.reason).toContain('a folder is there');
  });

  it('leads to a hint at atomic: false if there is a file', async () => {
    const { outcome } = await send({}, { files: { '/a': 'old' }, ...refuses(3) });
    expect(outcome.hint).toContain('use atomic: false');
    for (const [options, files, status] of [
      [{}, {}, 3],
      [{ atomic: false }, { '/a': 'old' }, 3],
      [{}, { '/a': 'old' }, 2],
    ] as const)
      expect((await send(options, { files, ...refuses(status) })).outcome.hint ?? '').not.toContain(
        'atomic: false',
      );
  });

  it.each([
    [4, 2],
    [11, 2],
    [8, 1],
    [3, 1],
  ])('may exist already, for which there is no specific status: %i', async (status, opens) => {
    const { asked } = await send(
      {},
      { refuse: (request) => (/^open .*LAST/.test(request) ? status : undefined) },
    );
    expect(asked.filter((request) => request.startsWith('open'))).toHaveLength(opens);
  });
});

describe('a file that cannot be renamed', () => {
  const gone: Server = { files: { '/a': 'old' } };

  it('is kept if the old one is gone, and the error says where it is', async () => {
    const memory = memorySftp({
      ...gone,
      refuse: (request) => {
        if (!/^(?:posix-)?rename/.test(request)) return undefined;
        if (memory.entry('/a')) memory.remove('/a');
        return 4;
      },
    });
    const error = await upload(memory.opener, Buffer.from('new'), '/a').catch((problem) => problem);
    await memory.quiet();
    expect(error.hint).toMatch(/^The new file is complete under "\/\.a\.[0-9a-f]{8}\.part": rename it\./);
    expect([memory.files(), memory.handles()]).toEqual([['/.a.LAST'], []]);
  });

  it('is removed if the old one exists, or there was none', async () => {
    const refuse = (request: string) => (/^(?:posix-)?rename/.test(request) ? 3 : undefined);
    const kept = await send({}, { ...gone, refuse });
    expect(kept.outcome.hint).toContain('use atomic: false');
    expect(kept.files()).toEqual(['/a']);
    const none = await send({}, { refuse });
    expect(none.files()).toEqual([]);
  });
});
