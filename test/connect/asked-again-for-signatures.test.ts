import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import {
  field,
  newHostKey,
  payload,
  publicLine,
  type RawConnection,
  startRawServer,
} from '../support/raw-server.ts';

const key = newHostKey();
const encoding = { type: 'pkcs1', format: 'pem' } as const;
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  privateKeyEncoding: encoding,
  publicKeyEncoding: encoding,
});

/** The fields of a login request: user, service, method, and of a key whether a signature follows, algorithm and blob. */
function readRequest(message: Buffer) {
  let at = 1;
  const next = () => {
    const from = at + 4;
    at = from + message.readUInt32BE(at);
    return message.subarray(from, at);
  };
  const [, , method] = [next(), next(), next().toString()];
  if (method !== 'publickey') return { method };
  const isSigned = message[at++] === 1;
  return { method, isSigned, algorithm: next(), blob: next() };
}

/** Answers so many signed requests as if they had only asked about the key. */
async function logIn(times: number) {
  let signatures = 0;
  const answer = (server: RawConnection, message: Buffer) => {
    if (message[0] === 5) server.send(payload(6, 'ssh-userauth'));
    if (message[0] !== 50) return;
    const { method, isSigned, algorithm = '', blob = '' } = readRequest(message);
    if (method === 'none')
      return server.send(Buffer.concat([Buffer.from([51]), field('publickey'), Buffer.from([0])]));
    if (isSigned) signatures++;
    if (signatures > times) return server.send(payload(52));
    server.send(Buffer.concat([Buffer.from([60]), field(algorithm), field(blob)]));
  };
  using server = await startRawServer({ key, strict: true, script: { answer } });
  const connecting = connectViaGateway({
    ...{ host: '127.0.0.1', port: server.port, username: 'rpa', privateKey, retry: false },
    hostKey: { key: publicLine(key) },
  });
  const [end] = await Promise.allSettled([connecting]);
  if (end.status === 'fulfilled') await end.value.close();
  return { end, signatures };
}

describe('a server that has a signature and asks whether it may have one', () => {
  it('gets it again', async () => {
    const { end, signatures } = await logIn(2);
    expect(end.status).toBe('fulfilled');
    expect(signatures).toBe(3);
  });

  it('gets no more than fifty', async () => {
    const { end, signatures } = await logIn(Number.POSITIVE_INFINITY);
    expect(end).toMatchObject({
      reason: { message: expect.stringContaining('it asked for more than 50 signatures during one login') },
    });
    expect(signatures).toBe(51);
  });
});
