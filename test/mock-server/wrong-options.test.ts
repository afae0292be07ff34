import { describe, expect, it } from 'vitest';
import {
  type Faults,
  type MockServerOptions,
  startMockGateway,
  startMockServer,
} from '../../src/mock-server/index.ts';
import { login, logout, run } from './support.ts';

/** Options as JavaScript, or a cast, lets them through. */
const misspelt: [object, string][] = [
  [{ prot: 22 }, 'option prot: there is no such option; did you mean port?'],
  [{ fault: {} }, 'option fault: there is no such option; did you mean faults?'],
  [{ zzzzzzzz: 1 }, 'option zzzzzzzz: there is no such option; known are host, port, ident'],
  [
    { algorithms: { ciphers: [] } },
    'option algorithms.ciphers: there is no such option; did you mean cipher?',
  ],
  [{ users: [{ username: 'a' }, { user: 'b' }] }, 'option users[1].user: there is no such option'],
  [{ users: [{ username: 'a', keyboardInteractive: { prompt: [] } }] }, 'did you mean prompts?'],
  [{ users: [{ username: 'a', requires: ['pubkey'] }] }, "option users[0].requires[0]: 'pubkey' given"],
  [
    { exec: { dir: { stdOut: 'x' } } },
    'option exec.dir.stdOut: there is no such option; did you mean stdout?',
  ],
  [{ sftp: { rot: '/x' } }, 'option sftp.rot: there is no such option; did you mean root?'],
  [{ sftp: 'memmory' }, "option sftp: 'memmory' given; did you mean memory?"],
  [{ sftpExtensions: ['posix-rename'] }, "option sftpExtensions[0]: 'posix-rename' given"],
  [{ sftpExtensions: { 'copy-date': true } }, 'option sftpExtensions.copy-date: there is no such option'],
  [
    { forwarding: { locals: true } },
    'option forwarding.locals: there is no such option; did you mean local?',
  ],
  [{ forwarding: { remote: 'refused' } }, "option forwarding.remote: 'refused' given; did you mean refuse?"],
  [{ unixSockets: { unlink: true } }, 'option unixSockets.unlink: there is no such option'],
  [
    { windows: { codepage: 949 } },
    'option windows.codepage: there is no such option; did you mean codePage?',
  ],
  [{ windows: 'yes' }, "option windows: 'yes' given; true, false or an object would be right"],
  [{ faults: [] }, 'option faults: an empty array given; an object would be right'],
];

const misspeltFaults: [object, string][] = [
  [{ banners: 'mute' }, 'option faults.banners: there is no such option; did you mean banner?'],
  [{ banner: 'muted' }, "option faults.banner: 'muted' given; did you mean mute?"],
  [{ banner: { delay: 5 } }, 'option faults.banner.delay: there is no such option; did you mean delayMs?'],
  [{ banner: { close: 'reset' } }, "option faults.banner.close: 'reset' given"],
  [
    { cut: { direction: 'toclient', atByte: 1, how: 'fin' } },
    "option faults.cut.direction: 'toclient' given",
  ],
  [{ cut: { direction: 'toClient', atBytes: 1, how: 'fin' } }, 'option faults.cut.atBytes: there is no such'],
  [{ cut: { atByte: 1 } }, 'option faults.cut.direction: undefined given'],
  [{ freeze: { phase: 'login' } }, "option faults.freeze.phase: 'login' given"],
  [{ handshake: { close: 'fin' } }, 'option faults.handshake.close: there is no such option'],
  [{ auth: { refused: true } }, 'option faults.auth.refused: there is no such option; did you mean refuse?'],
  [{ channel: { reasonCode: 4 } }, 'option faults.channel.reasonCode: there is no such option'],
  [
    { exec: { noExitCode: true } },
    'option faults.exec.noExitCode: there is no such option; known are noExitStatus',
  ],
  [{ keepalive: 'ignored' }, "option faults.keepalive: 'ignored' given; did you mean ignore?"],
  [{ window: 'drop' }, "option faults.window: 'drop' given"],
  [{ disconnect: { reason: 2 } }, 'option faults.disconnect.reason: there is no such option'],
  [{ throttle: { bytesPerSec: 1 } }, 'option faults.throttle.bytesPerSec: there is no such option'],
  [{ throttle: 5_000 }, 'option faults.throttle: 5000 given; an object would be right'],
  [
    { sftp: { lieName: ['x'] } },
    'option faults.sftp.lieName: there is no such option; did you mean lieNames?',
  ],
  [{ sftp: { hangOp: { op: 'Open' } } }, "option faults.sftp.hangOp.op: 'Open' given; did you mean OPEN?"],
  [{ sftp: { failOp: { op: 'OPEN', code: 3 } } }, 'option faults.sftp.failOp.code: there is no such option'],
];

const wrongValues: [object, string][] = [
  [{ host: '' }, 'host'],
  [{ port: '22' }, 'port'],
  [{ port: 70_000 }, 'port'],
  [{ ident: 5 }, 'ident'],
  [{ hostKeys: [] }, 'hostKeys'],
  [{ hostKeys: ['x'] }, 'hostKeys[0]'],
  [{ algorithms: { kex: 'x' } }, 'algorithms.kex'],
  [{ users: { username: 'a' } }, 'users'],
  [{ users: [{}] }, 'users[0].username'],
  [{ users: [{ username: 'a', password: 5 }] }, 'users[0].password'],
  [{ users: [{ username: 'a', publicKeys: ['x'] }] }, 'users[0].publicKeys[0]'],
  [
    { users: [{ username: 'a', keyboardInteractive: { prompts: ['?'] } }] },
    'users[0].keyboardInteractive.answers',
  ],
  [{ users: [{ username: 'a', requires: ['password'] }] }, 'users[0].requires'],
  [{ maxAuthTries: 0 }, 'maxAuthTries'],
  [{ exec: 'dir' }, 'exec'],
  [{ exec: { dir: 5 } }, 'exec.dir'],
  [{ exec: { dir: { exitCode: -1 } } }, 'exec.dir.exitCode'],
  [{ sftp: true }, 'sftp'],
  [{ sftp: { root: 5 } }, 'sftp.root'],
  [{ jobs: 'no' }, 'jobs'],
  [{ sftpExtensions: { 'copy-data': 1 } }, 'sftpExtensions.copy-data'],
  [{ maxSessions: -1 }, 'maxSessions'],
  [{ unixSockets: 1 }, 'unixSockets'],
  [{ windows: { codePage: 'cp949' } }, 'windows.codePage'],
  [{ windows: { version: '10' } }, 'windows.version'],
  [{ loginBanner: 5 }, 'loginBanner'],
  [{ faults: { latencyMs: -1 } }, 'faults.latencyMs'],
  [{ faults: { cut: { direction: 'toClient', atByte: -1, how: 'fin' } } }, 'faults.cut.atByte'],
  [{ faults: { throttle: { bytesPerSecond: 0 } } }, 'faults.throttle.bytesPerSecond'],
  [{ faults: { connections: 0.5 } }, 'faults.connections'],
  [{ faults: { sftp: { failOp: { status: 3 } } } }, 'faults.sftp.failOp.op'],
  [{ faults: { auth: { delayMs: '5' } } }, 'faults.auth.delayMs'],
];

describe('an invalid value', () => {
  it.each(wrongValues)('is rejected: %j', async (options, name) => {
    const error = await startMockServer(options as MockServerOptions).catch((thrown: Error) => thrown);
    expect([TypeError, RangeError]).toContain((error as Error).constructor);
    expect((error as Error).message).toMatch(/ given; .* would be right$/);
    expect((error as Error).message.split(':')[0]).toBe(`option ${name}`);
  });
});

describe('a misspelled option', () => {
  it.each([...misspelt, ...misspeltFaults.map(([faults, words]) => [{ faults }, words] as const)])(
    'is rejected: %j',
    async (options, words) => {
      const starting = startMockServer(options as MockServerOptions);
      await expect(starting).rejects.toThrow(TypeError);
      await expect(starting).rejects.toThrow(words);
      await expect(startMockGateway(options as MockServerOptions)).rejects.toThrow(words);
    },
  );

  it.each(misspeltFaults)('is rejected by setFaults: %j', async (faults, words) => {
    await using server = await startMockServer();
    expect(() => server.setFaults(faults as Faults)).toThrow(words);
  });

  it('is rejected by the methods of a gateway and its PCs', async () => {
    await using gateway = await startMockGateway();
    await expect(gateway.addPc({ prot: 1 } as object)).rejects.toThrow('did you mean port?');
    await expect(gateway.addPc({ server: { window: true } as object })).rejects.toThrow(
      'option server.window: there is no such option; did you mean windows?',
    );
    const pc = await gateway.addPc();
    expect(() => pc.vanish({ zombiefor: 100 } as object)).toThrow('did you mean zombieFor?');
    expect(pc.state).toBe('up');
    await expect(pc.return({ delay: 5 } as object)).rejects.toThrow('did you mean delayMs?');
    expect(() => pc.server.waitFor('auth', { timeout: 5 } as object)).toThrow('did you mean timeoutMs?');
  });

  it('is reported by the command whose handler returned it', async () => {
    await using server = await startMockServer({ exec: () => ({ exitcode: 3 }) as object });
    const client = await login(server);
    const { code, stderr } = await run(client, 'x');
    expect(code).toBe(255);
    expect(stderr).toContain('did you mean exitCode?');
    await logout(client);
  });
});
