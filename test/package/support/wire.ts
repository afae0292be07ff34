import { expect } from 'vitest';
import { nodeKey } from '../../support/private-keys.ts';
import { newHostKey, payload, startRawServer } from '../../support/raw-server.ts';
import { run } from './run.ts';

/** Out of turn behind a server's NEWKEYS. */
const messages = [
  payload(6, 'ssh-userauth'),
  payload(53, 'call me', ''),
  payload(60, '', '', '', 1, 'Password: ', false),
  payload(80, 'hostkeys-00@openssh.com', true),
];

/** Runs a program (test/package/programs/wire.mjs) against servers that are out of turn; what they got to see. */
export async function leaksOf(program: string): Promise<{ leaked: number; connects: number }> {
  const privateKey = nodeKey('rsa').privateKey.export({ type: 'pkcs1', format: 'pem' }) as string;
  const found = { leaked: 0, connects: 0 };
  for (const message of messages) {
    using server = await startRawServer({
      key: newHostKey(),
      strict: true,
      script: { message, position: 'glued' },
    });
    const args = [program, String(server.port), Buffer.from(privateKey).toString('base64')];
    const { code, stdout, stderr } = await run(process.execPath, args, { cwd: process.cwd() });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual(Array.from({ length: 9 }, () => 'SSH_HANDSHAKE_FAILED'));
    for (const { received, plain } of server.connections) {
      found.connects++;
      found.leaked += received.filter(({ type }) => type === 5 || type >= 50).length;
      if (/ssh-connection|S3CRET/.test(plain)) found.leaked++;
    }
  }
  return found;
}
