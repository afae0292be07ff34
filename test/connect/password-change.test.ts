import ssh2 from 'ssh2';
import { expect, it } from 'vitest';
import { connectViaGateway } from '../../src/index.ts';
import { generatedKey } from '../../src/mock-server/keys.ts';
import { rejection } from '../support/mock-sftp.ts';

/** RFC 4252 section 8: SSH_MSG_USERAUTH_PASSWD_CHANGEREQ. */
it('explains how to change a password that has expired', async () => {
  const key = generatedKey('change');
  const server = new ssh2.Server({ hostKeys: [key.privateKey] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (context) => {
      if (context.method === 'password') context.requestChange('Too old.', () => {});
      else context.reject(['password']);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const login = { host: '127.0.0.1', port, username: 'rpa', password: 'old', retry: false as const };
  const error = await rejection(connectViaGateway({ ...login, hostKey: { key: key.publicKey } }));
  await new Promise((resolve) => server.close(resolve));
  expect(error).toMatchObject({
    code: 'SSH_AUTHENTICATION_FAILED',
    retryable: false,
    message: expect.stringMatching(/could not go on: the password has expired$/),
    hint: expect.stringMatching(/^Set a new one on the machine itself/),
  });
  expect(JSON.stringify(error)).not.toContain('old"');
});
