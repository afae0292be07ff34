import { createServer as createHttpServer } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type BannerFault, startMockServer } from '../../src/mock-server/index.ts';
import { connectTo } from '../support/connect.ts';
import { failureOf } from '../support/outcome.ts';

/** A plain TCP server, as a target whose keys do not matter. */
async function talker(talk: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    talk(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return target(server, sockets);
}

function target(server: { address(): unknown; close(): unknown }, sockets: Set<Socket> = new Set()) {
  return {
    host: '127.0.0.1',
    port: (server.address() as { port: number }).port,
    hostKey: { fingerprint: `SHA256:${'A'.repeat(43)}` },
    clientKey: { privateKey: undefined as unknown as string },
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

describe('a valid identification string', () => {
  it.each<[string, BannerFault]>([
    ['in pieces of one byte', { splitBytes: 1, intervalMs: 1 }],
    ['in pieces of seven bytes', { splitBytes: 7, intervalMs: 2 }],
    ['late', { delayMs: 300 }],
    ['after lines before it', { preLines: ['Welcome', '', 'to the \u001b[31mmachine', 'x'.repeat(500)] }],
  ])('is read if it arrives %s', async (_how, banner) => {
    await using server = await startMockServer({ faults: { banner } });
    await using connection = await connectTo(server, { timeouts: { banner: 5_000 } });
    expect(connection.serverVersion).toBe('OpenSSH_9.9 mock');
  });

  it('is read if lines before it are split anywhere', async () => {
    await using server = await startMockServer({
      greeting: 'Hello\r\nthere',
      faults: { banner: { splitBytes: 3, intervalMs: 1 } },
    });
    await using connection = await connectTo(server);
    expect(connection.serverVersion).toBe('OpenSSH_9.9 mock');
  });
});

describe('something that is not an SSH server', () => {
  it('is recognized as a web server at once, and shown', async () => {
    const web = createHttpServer((_request, response) => response.end('hi'));
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    using port = target(web);
    const { error, ms } = await failureOf(connectTo(port, { password: 'x' }));
    expect(error).toMatchObject({ code: 'SSH_BANNER_INVALID', phase: 'banner', retryable: false });
    expect(error['received']).toMatch(/^HTTP\/1\.1 400/);
    expect(error.hint).toMatch(/web server/i);
    expect(ms).toBeLessThan(2_000);
  });

  it('is recognized as a web server even if it sends only half a line', async () => {
    using port = await talker((socket) => socket.write('HTTP/1.1 400'));
    const { error } = await failureOf(connectTo(port, { password: 'x', timeouts: { banner: 10_000 } }));
    expect(error).toMatchObject({ code: 'SSH_BANNER_INVALID' });
  });

  it.each([
    ['a mail server that waits', '220 mail.example.com ESMTP\r\n', false, 'SSH_BANNER_TIMEOUT'],
    ['a mail server that hangs up', '220 mail.example.com ESMTP\r\n', true, 'SSH_BANNER_INVALID'],
    ['bytes of TLS', Buffer.from('15030300020246', 'hex'), true, 'SSH_BANNER_INVALID'],
    ['an old SSH server', 'SSH-1.5-1.2.27\r\n', false, 'SSH_BANNER_INVALID'],
    ['a line feed and the end', '\r\n', true, 'SSH_BANNER_INVALID'],
  ])('is reported with what it sent: %s', async (_what, garbage, thenClose, code) => {
    await using server = await startMockServer({ faults: { banner: { garbage, thenClose } } });
    const { error } = await failureOf(connectTo(server, { timeouts: { banner: 150 } }));
    expect(error).toMatchObject({ code, phase: 'banner' });
    expect(error['received']).not.toBe('');
    expect(error.message).toContain(`${error['received']}`.replaceAll('"', '\\"').slice(0, 100));
  });

  it('that has sent data is not treated as a zombie: no long quiet period follows', async () => {
    await using server = await startMockServer({ faults: { banner: { garbage: 'Login: ' } } });
    const waits: number[] = [];
    const retry = {
      attempts: 2,
      minDelay: 5,
      maxDelay: 5,
      quiet: 60_000,
      onRetry: (_e: unknown, s: { wait: number }) => void waits.push(s.wait),
    };
    const { error } = await failureOf(connectTo(server, { timeouts: { banner: 60 }, retry }));
    expect(error).toMatchObject({ code: 'SSH_BANNER_TIMEOUT', received: 'Login: ' });
    expect(waits).toEqual([5]);
  });

  it('is given up if it sends data without end', async () => {
    await using server = await startMockServer({ faults: { banner: { endless: true } } });
    const { error } = await failureOf(connectTo(server, { timeouts: { banner: 10_000 } }));
    expect(error).toMatchObject({ code: 'SSH_BANNER_INVALID' });
    expect(error.message.length).toBeLessThan(1_000);
  });

  it.each(['Not allowed at this time\r\n', 'Exceeded MaxStartups\r\n'])(
    'but refuses with a text is tried again: %j',
    async (garbage) => {
      await using server = await startMockServer({
        faults: { connections: 1, banner: { garbage, thenClose: true } },
      });
      const codes: string[] = [];
      const retry = {
        attempts: 2,
        minDelay: 5,
        onRetry: ({ code }: { code: string }) => void codes.push(code),
      };
      await using connection = await connectTo(server, { retry });
      expect(connection.serverVersion).toContain('OpenSSH');
      expect(codes).toEqual(['SSH_BANNER_INVALID']);
    },
  );
});

describe('garbage after the identification string', () => {
  it.each([
    ['a packet of impossible length', Buffer.alloc(64, 0xff)],
    ['random text', Buffer.from('this is no key exchange at all, really not')],
    ['a packet that is no KEXINIT', Buffer.from('0000000c0a05000000000000000000000000', 'hex')],
  ])('fails the handshake: %s', async (_what, garbage) => {
    using port = await talker((socket) => {
      socket.write('SSH-2.0-x\r\n');
      socket.write(garbage);
    });
    const { error } = await failureOf(connectTo(port, { password: 'x', timeouts: { handshake: 400 } }));
    expect(error).toMatchObject({ phase: 'handshake' });
    expect(['SSH_HANDSHAKE_FAILED', 'SSH_HANDSHAKE_TIMEOUT']).toContain(error.code);
  });
});
