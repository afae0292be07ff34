import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { nodeExe, optionsFor, WindowsPc } from './support/windows-pc.ts';

const korean = Buffer.from('b0a1b3aab4d90d0a', 'hex'); // "가나다" and a line end in code page 949

let server: MockServer;
beforeAll(async () => {
  server = await startMockServer({
    windows: { version: '9.5', codePage: 949 },
    exec: { dir: { stdout: korean }, crash: { exitCode: 0xc0000005 } },
  });
});
afterAll(() => server?.close());

it('connects, runs commands in code page 949, explains a crash, and leaves nothing that holds the process', async () => {
  const result = await new WindowsPc().run(async ({ library }, options) => {
    const connection = await library.connectViaGateway(options);
    const { stdout } = await connection.exec('dir', { encoding: 'cp949' });
    const error = await connection.exec('crash').catch((reason) => reason);
    await connection.close();
    return { platform: process.platform, stdout, exitCode: error.exitCode, message: String(error.message) };
  }, optionsFor(server));
  expect(result).toEqual({
    platform: 'win32',
    stdout: '가나다\r\n',
    exitCode: 0xc0000005,
    message: expect.stringContaining('STATUS_ACCESS_VIOLATION'),
  });
});

it.each(['~\\keys\\id', '~/keys/id'])(
  'reads the key %s, and keeps known_hosts in the profile',
  async (path) => {
    const pc = new WindowsPc();
    mkdirSync(pc.file('keys').here);
    writeFileSync(pc.file('keys/id').here, server.clientKey.privateKey);
    const { privateKey: _, ...rest } = optionsFor(server);
    const options = { ...rest, privateKeyPath: path, hostKey: { onUnknown: 'accept-new' as const } };
    const connectTwice = () =>
      pc.run(async ({ library }, given) => {
        for (let round = 0; round < 2; round++) {
          const connection = await library.connectViaGateway(given);
          await connection.close();
        }
        return 'twice';
      }, options);
    expect(await connectTwice()).toBe('twice');
    const lines = readFileSync(pc.file('.ssh/known_hosts').here, 'utf8').trim().split(/\r?\n/);
    expect(lines).toEqual([expect.stringContaining(`[127.0.0.1]:${server.port} ssh-ed25519 `)]);
    writeFileSync(pc.file('.ssh/known_hosts').here, lines[0]!.replace(/AAAA\S+$/, otherKey));
    await expect(connectTwice()).rejects.toMatchObject({ name: 'HostKeyMismatch' });
  },
);

const otherKey = 'AAAAC3NzaC1lZDI1NTE5AAAAIHGPfwgvFL/WiINLvmx1Cm95h6V5RJOFaGHmRpu+W4WJ';

it('says that there is no agent', async () => {
  const { privateKey: _, ...rest } = optionsFor(server);
  const error = await new WindowsPc().failure(({ library }, options) => library.connectViaGateway(options), {
    ...rest,
    agent: '\\\\.\\pipe\\openssh-ssh-agent',
  });
  expect(error.message).toContain('agent (not reachable: ');
});

it('forwards a local port', async () => {
  const result = await new WindowsPc().run(async ({ library }, options) => {
    const connection = await library.connectViaGateway(options);
    const forward = await connection.forwardLocal({ host: options.host, port: options.port });
    const through = await library.connectViaGateway({ ...options, host: '127.0.0.1', port: forward.port });
    const { stdout } = await through.exec('echo through');
    await through.close();
    await connection.close();
    return stdout;
  }, optionsFor(server));
  expect(result.trim()).toBe('through');
});

it('runs a job to its end', async () => {
  const jobs = await startMockServer({ windows: { version: '9.5' }, exec: { work: { stdout: 'done\r\n' } } });
  try {
    const result = await new WindowsPc().run(async ({ library }, options) => {
      const { stdout, exitCode } = await library.runJob(options, 'work', { id: 'invoice-1' });
      return { stdout, exitCode };
    }, optionsFor(jobs));
    expect(result).toEqual({ stdout: 'done\r\n', exitCode: 0 });
  } finally {
    await jobs.close();
  }
});

it.each([
  ['cmd.exe /d /c exit 7', /7/, undefined],
  ['no-such-program.exe %h', /no-such-program/, undefined],
  ['C:\\app\\proxy.cmd %h', /proxy\.cmd/, /\.cmd and \.bat files cannot be started/],
])('says why the proxy command %s fails', async (command, why, hint) => {
  const pc = new WindowsPc();
  const error = await pc.failure(
    async ({ library, fs }, { options, line }) => {
      fs.writeFileSync('C:\\app\\proxy.cmd', '@exit 0\r\n');
      await library.connectViaGateway({ ...options, via: library.proxyCommand(line) });
    },
    { options: optionsFor(server), line: command },
  );
  expect(error).toMatchObject({ name: 'ProxyCommandFailed', message: expect.stringMatching(why) });
  if (hint) expect(error.hint).toMatch(hint);
});

it('connects through a proxy command', async () => {
  const pc = new WindowsPc();
  const relay = pc.file('relay.cjs');
  writeFileSync(
    relay.here,
    "const s = require('net').connect(+process.argv[3], process.argv[2]); process.stdin.pipe(s).pipe(process.stdout);",
  );
  const said = await pc.run(
    async ({ library }, { options, words }) => {
      const connection = await library.connectViaGateway({ ...options, via: library.proxyCommand(words) });
      const { stdout } = await connection.exec('echo relayed');
      await connection.close();
      return stdout;
    },
    { options: optionsFor(server), words: [nodeExe, relay.there, '%h', '%p'] },
  );
  expect(said.trim()).toBe('relayed');
});
