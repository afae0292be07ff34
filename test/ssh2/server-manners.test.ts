import { afterEach, describe, expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { Connection } from '../../src/index.ts';
import { type MockServer, type MockServerOptions, startMockServer } from '../../src/mock-server/index.ts';
import { isKnownToTakeSeveral, mannersOf } from '../../src/ssh2/channels/server-manners.ts';
import { optionsFor } from '../support/connect.ts';
import { pause } from '../support/outcome.ts';
import { plainLink } from '../support/plain-link.ts';

const device = { ident: 'ACME-SSH_1.0' };
/** `long` takes longer than anybody waits in line before a second session is tried. */
const exec = ({ command }: { command: string }) => ({
  stdout: command.replace('echo ', ''),
  delayMs: command === 'long' ? 4_000 : 0,
});
const endsAtSecond = { exec, faults: { channel: { secondSession: 'fin' } } } as const;

function connect(server: MockServer, options = {}) {
  return connectViaGateway({ ...optionsFor(server), ...options });
}

async function run(options: MockServerOptions, use: (server: MockServer) => Promise<void>): Promise<void> {
  await using server = await startMockServer({ ...device, ...options });
  await use(server);
}

describe('a server that identifies itself as OpenSSH', () => {
  it.each([
    ['OpenSSH_9.9p1 Debian-3', true],
    ['SSH-2.0-OpenSSH_for_Windows_8.1', true],
    ['dropbear_2022.83', false],
    ['Cisco-1.25', false],
    ['NotOpenSSH_9', false],
    [undefined, false],
  ])('is known to accept several sessions: %s, %s', (ident, wanted) => {
    expect(isKnownToTakeSeveral(ident)).toBe(wanted);
  });
});

describe('a device that ends the connection at a second session', () => {
  it('works with the defaults, one command after another', async () => {
    await run(endsAtSecond, async (server) => {
      await using connection = await connect(server);
      for (let n = 0; n < 10; n++) await connection.exec(`echo ${n}`);
      await using sftp = await connection.sftp();
      await sftp.writeFile('/x', 'x');
      await sftp.close();
      await connection.exec('true');
      await connection.upload(Buffer.from('y'), '/y');
      await connection.exec('true');
      await connection.upload(Buffer.from('z'), '/z');
    });
  });

  it('works with 1,000 commands at once on a first connection', async () => {
    await run({ ...endsAtSecond, ident: 'ACME-SSH_2.0' }, async (server) => {
      await using connection = await connect(server);
      const crowd = Array.from({ length: 1_000 }, (_, n) => connection.exec(`echo ${n}`));
      const results = await Promise.all(crowd);
      expect(results.map(({ stdout }) => stdout.trim())).toEqual(crowd.map((_, n) => `${n}`));
    });
  });

  it('is asked for one session at a time after that, also for many commands on a new connection', async () => {
    await run(endsAtSecond, async (server) => {
      await using first = await connect(server);
      const both = await Promise.allSettled([first.exec('long'), first.exec('long')]);
      expect(both.map(({ status }) => status)).toContain('rejected');
      await using second = await connect(server);
      await Promise.all(Array.from({ length: 10 }, () => second.exec('true')));
    });
  });

  it('is not asked for one at a time if maxSessions says otherwise', async () => {
    await run(endsAtSecond, async (server) => {
      for (let n = 0; n < 2; n++) {
        await using connection = await connect(server, { maxSessions: 3 });
        const both = await Promise.allSettled([connection.exec('true'), connection.exec('true')]);
        expect(both.map(({ status }) => status)).toContain('rejected');
      }
    });
  });

  it('loses one connection by a session opened ahead, if it identifies itself as OpenSSH', async () => {
    await run({ ...endsAtSecond, ident: 'OpenSSH_7.4' }, async (server) => {
      const lost = async () => {
        await using connection = await connect(server);
        for (let n = 0; n < 6; n++) await connection.exec('true');
      };
      await expect(lost()).rejects.toMatchObject({ code: 'SSH_CONNECTION_LOST' });
      await lost();
    });
  });
});

describe('one that identifies itself as OpenSSH, and takes one session', () => {
  const uses = {
    'a shell': async (connection: Connection) => (await connection.shell()).destroy(),
    'a command with a terminal': (connection: Connection) => connection.exec('true', { pty: true }),
    'a file': (connection: Connection) => connection.upload(Buffer.from('x'), '/x'),
  };
  const once = async (server: MockServer, use: (connection: Connection) => Promise<unknown>) => {
    await using connection = await connect(server);
    await pause(50);
    await use(connection);
  };

  it.each(Object.entries(uses))(
    'loses one connection by the one requested with the login: %s',
    async (_what, use) => {
      await run({ ...endsAtSecond, ident: 'OpenSSH_9.9' }, async (server) => {
        await expect(once(server, use)).rejects.toMatchObject({ code: 'SSH_CONNECTION_LOST' });
        for (let n = 0; n < 3; n++) await once(server, use);
      });
    },
  );

  it.each(['OpenSSH_9.9', 'OpenSSH_for_Windows_8.1'])(
    'loses one by the session that a file has left open: %s',
    async (ident) => {
      const fileAndCommand = async (connection: Connection) => {
        await connection.upload(Buffer.from('x'), '/x');
        await connection.exec('true');
      };
      await run({ ...endsAtSecond, ident }, async (server) => {
        const outcomes = [];
        for (let n = 0; n < 5; n++)
          outcomes.push(
            await once(server, fileAndCommand).then(
              () => 'well',
              () => 'lost',
            ),
          );
        expect(outcomes.slice(2)).toEqual(['well', 'well', 'well']);
      });
    },
  );

  it.each(Object.entries(uses))('refuses once because of it: %s', async (_what, use) => {
    await run({ maxSessions: 1, ident: 'OpenSSH_9.9' }, async (server) => {
      for (let n = 0; n < 3; n++) await once(server, use);
      expect(server.journal.filter(({ type }) => type === 'channel-refused')).toHaveLength(1);
    });
  });
});

describe('the end of a connection while a second session is requested', () => {
  it.each([
    ['soon after', 1_000, false],
    ['long after, which a broken tunnel did', 20_000, true],
  ])('tells of the server only %s', async (_when, ms, isBelieved) => {
    await run({ faults: { latencyMs: 200 } }, async (server) => {
      const { host, port, username, password } = server;
      const serverVersion = 'OpenSSH_9.9';
      const plain = await plainLink({ host, port, username, password, serverVersion });
      const first = plain.link.exec({ command: 'true' });
      const second = plain.link.exec({ command: 'true' });
      const later = performance.now() + ms;
      const clock = vi.spyOn(performance, 'now').mockImplementation(() => later);
      plain.link.endedByServer();
      expect(mannersOf({ host, port }, serverVersion).bearsUnused).toBe(isBelieved);
      clock.mockRestore();
      await Promise.all([first, second]);
      await plain.close();
    });
  });
});

describe('another server that accepts several sessions', () => {
  const several = { exec, ident: 'ACME-SSH_3.0' };

  it('is given all commands at once after it has accepted a second session beside a long one', async () => {
    await run(several, async (server) => {
      await using first = await connect(server);
      const startedAt = performance.now();
      await Promise.all(Array.from({ length: 10 }, () => first.exec('long')));
      const took = performance.now() - startedAt;
      expect(took).toBeGreaterThan(5_500);
      expect(took).toBeLessThan(8_500);

      await using second = await connect(server);
      const startedAgainAt = performance.now();
      await Promise.all(Array.from({ length: 10 }, () => second.exec('long')));
      expect(performance.now() - startedAgainAt).toBeLessThan(5_500);
    });
  }, 30_000);

  it('stays known for that if a connection ends while a session is being opened', () => {
    const manners = mannersOf({ host: 'chance', port: 1 }, 'ACME');
    manners.took(2);
    manners.endedOverSecond();
    expect(manners).toMatchObject({ takesSeveral: true, takesOneOnly: false });
  });
});

describe('how many sessions a server has allowed', () => {
  it('is remembered, and lowered by a refusal, but never to fewer than two', () => {
    const manners = mannersOf({ host: 'many', port: 1 }, 'OpenSSH_9.9');
    manners.refusedBeside(0);
    expect(manners).toMatchObject({ mostSessions: 1, takesSeveral: false });
    manners.took(16);
    manners.took(3);
    expect(mannersOf({ host: 'many', port: 1 }, 'OpenSSH_9.9').mostSessions).toBe(16);
    manners.refusedBeside(12);
    expect(manners.mostSessions).toBe(12);
    manners.refusedBeside(0);
    expect(manners).toMatchObject({ mostSessions: 2, takesSeveral: true });
  });
});

describe('how a server handles sessions opened ahead', () => {
  afterEach(() => vi.useRealTimers());
  const place = { host: 'h', port: 1 };

  it('is remembered by address and identification string', () => {
    mannersOf(place, 'A').refusedAhead();
    expect(mannersOf(place, 'A').takesAhead).toBe(false);
    expect(mannersOf(place, 'B').takesAhead).toBe(true);
    expect(mannersOf({ ...place, port: 2 }, 'A').takesAhead).toBe(true);
    expect(mannersOf({ ...place, hop: 'jump 1 of 2' }, 'A').takesAhead).toBe(true);
  });

  it('is doubted for a while if the connection ended meanwhile, and permanently the second time', () => {
    vi.useFakeTimers();
    const manners = mannersOf(place, 'C');
    manners.endedOverAhead();
    expect(manners.takesAhead).toBe(false);
    vi.advanceTimersByTime(600_001);
    expect(manners.takesAhead).toBe(true);
    manners.endedOverAhead();
    vi.advanceTimersByTime(1e9);
    expect(manners.takesAhead).toBe(false);
  });

  it('is kept for a thousand servers', () => {
    mannersOf(place, 'first').refusedAhead();
    for (let n = 0; n < 999; n++) mannersOf({ host: `h${n}`, port: 1 });
    expect(mannersOf(place, 'first').takesAhead).toBe(false);
    for (let n = 0; n < 1_000; n++) mannersOf({ host: `h${n}`, port: 1 });
    expect(mannersOf(place, 'first').takesAhead).toBe(true);
  });
});
