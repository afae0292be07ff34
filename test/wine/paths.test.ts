import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { optionsFor, WindowsPc } from './support/windows-pc.ts';

/* Windows' own rules of path names, as wine keeps them: README.md has what it keeps in its own way. */
let server: MockServer;
let pc: WindowsPc;
const bytes = Buffer.from('송장 12\r\n'.repeat(20_000));

beforeAll(async () => {
  server = await startMockServer({ windows: { version: '9.5' } });
});
beforeEach(() => {
  pc = new WindowsPc();
});
afterAll(() => server?.close());

/** Uploads the file that Windows knows as `from`, and downloads it to `to`. */
const thereAndBack = (given: { options: ReturnType<typeof optionsFor>; from: string; to: string }) =>
  pc.run(async ({ library }, { options, from, to }) => {
    const connection = await library.connectViaGateway(options);
    const remote = `/C:/there-${process.pid}-${Date.now()}`;
    await connection.upload(from, remote);
    await connection.download(remote, to);
    await connection.close();
  }, given);

describe('a local path', () => {
  it.each([
    ['a drive and backslashes', (folder: string) => `${folder}\\a b.bin`],
    ['slashes', (folder: string) => `${folder.replaceAll('\\', '/')}/a b.bin`],
    ['a drive without a root', () => 'C:a b.bin'],
    ['a root without a drive', (folder: string) => `${folder.slice(2)}\\a b.bin`],
    ['a name alone', () => 'a b.bin'],
    ['\\\\?\\', (folder: string) => `\\\\?\\${folder}\\a b.bin`],
    ['a dot-dot in it', (folder: string) => `${folder}\\x\\..\\a b.bin`],
  ])('may be of %s', async (_, form) => {
    writeFileSync(pc.file('a b.bin').here, bytes);
    const from = form(pc.windows());
    await thereAndBack({ options: optionsFor(server), from, to: from.replace('a b', '각 back') });
    expect(readFileSync(pc.file('각 back.bin').here)).toEqual(bytes);
    expect(readdirSync(pc.folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('may be longer than 260 characters', async () => {
    const deep = ['가나다 '.repeat(20).trim(), 'x'.repeat(90), 'y'.repeat(90), 'z'.repeat(90)].join('/');
    mkdirSync(pc.file(deep).here, { recursive: true });
    writeFileSync(pc.file(`${deep}/in.bin`).here, bytes);
    const [from, to] = [pc.file(`${deep}/in.bin`).there, pc.file(`${deep}/out.bin`).there];
    expect(from.length).toBeGreaterThan(340);
    await thereAndBack({ options: optionsFor(server), from, to });
    expect(readFileSync(pc.file(`${deep}/out.bin`).here)).toEqual(bytes);
  });

  it.each(['NUL', 'nul.txt', 'aux', 'COM1.log', 'a.txt:stream', 'dot.', 'blank ', 'q?.txt'])(
    'must not be %j: the download is refused before anything is written',
    async (name) => {
      server.files.write('C:\\there.bin', bytes);
      const error = await pc.failure(
        async ({ library }, { options, to }) => {
          const connection = await library.connectViaGateway(options);
          try {
            await connection.download('/C:/there.bin', to);
          } finally {
            await connection.close();
          }
        },
        { options: optionsFor(server), to: `${pc.windows()}\\${name}` },
      );
      expect(error).toMatchObject({ name: 'RangeError', message: expect.stringContaining('localPath') });
      expect(readdirSync(pc.folder).filter((file) => !/^(job|answer|stdout|stderr)-/.test(file))).toEqual([]);
    },
  );
});

it('a folder goes up and comes back, Korean names and all', async () => {
  mkdirSync(pc.file('보낼 것/안').here, { recursive: true });
  writeFileSync(pc.file('보낼 것/안/각.txt').here, bytes);
  writeFileSync(pc.file('보낼 것/b.txt').here, 'b');
  await thereAndBack({
    options: optionsFor(server),
    from: pc.file('보낼 것').there,
    to: pc.file('온 것').there,
  });
  expect(readFileSync(pc.file('온 것/안/각.txt').here)).toEqual(bytes);
});

describe('a target that another program has open', () => {
  const download = (patience: number) => {
    server.files.write('C:\\there.bin', bytes);
    writeFileSync(pc.file('held.bin').here, 'old');
    const holder = pc.start('C:\\tools\\hold.exe', [pc.file('held.bin').there, String(patience)]);
    return {
      holder,
      held: vi.waitFor(() => expect(existsSync(pc.file('held.bin.held').here)).toBe(true), 20_000),
    };
  };
  const get = () =>
    pc.run(
      async ({ library }, { options, to }) => {
        const connection = await library.connectViaGateway(options);
        try {
          await connection.download('/C:/there.bin', to);
        } finally {
          await connection.close();
        }
      },
      { options: optionsFor(server), to: pc.file('held.bin').there },
    );

  it('is replaced when that program lets go of it some seconds later', async () => {
    const { holder, held } = download(4_000);
    await held;
    await get();
    await holder.finished;
    expect(readFileSync(pc.file('held.bin').here)).toEqual(bytes);
  });

  it('stays as it is when it does not, and the error says so', async () => {
    const { holder, held } = download(60_000);
    await held;
    await expect(get()).rejects.toMatchObject({
      code: 'SSH_TRANSFER_FAILED',
      retryable: true,
      hint: expect.stringContaining('A program on the PC has the file open'),
    });
    holder.child.kill('SIGKILL');
    expect(readFileSync(pc.file('held.bin').here, 'utf8')).toBe('old');
    expect(readdirSync(pc.folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});
