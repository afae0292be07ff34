import { generateKeyPairSync } from 'node:crypto';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ssh2 } from '../../src/ssh2/insides/client-parts.ts';
import { identification } from '../../src/ssh2/insides/identification.ts';
import { connectTo } from '../support/connect.ts';
import { failureOf, pause, until } from '../support/outcome.ts';
import { silentServer } from '../support/silent-server.ts';

const { version } = createRequire(import.meta.url)('ssh2/package.json') as { version: string };

/** Neither is asked for. */
const keys = {
  hostKey: { fingerprint: `SHA256:${'A'.repeat(43)}` },
  clientKey: {
    privateKey: generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({
      type: 'pkcs1',
      format: 'pem',
    }) as string,
  },
};

afterEach(() => void vi.restoreAllMocks());

describe('our identification line', () => {
  it('is the one that ssh2 would send', () => {
    expect(identification.toString()).toBe(`SSH-2.0-ssh2js${version}\r\n`);
  });

  it('leaves at once and alone; ssh2 begins when the server has sent its own', async () => {
    const connect = vi.spyOn(ssh2.Client.prototype, 'connect');
    await using server = await silentServer();
    const failed = failureOf(
      connectTo({ ...server, ...keys }, { timeouts: { banner: 10_000, handshake: 150 } }),
    );
    await until(() => server.heard() !== '');
    await pause(50);
    expect(server.heard()).toBe(identification.toString());
    server.say('Welcome\r\nSSH-2.0-Other');
    await pause(50);
    expect(connect).not.toHaveBeenCalled();
    server.say('_1.0\r\n');
    await until(() => server.heard().length > identification.length);
    expect(connect).toHaveBeenCalledTimes(1);
    // SSH_MSG_KEXINIT follows, and no second line.
    expect(server.heard().charCodeAt(identification.length + 5)).toBe(20);
    expect((await failed).error).toMatchObject({ code: 'SSH_HANDSHAKE_TIMEOUT' });
  });
});
