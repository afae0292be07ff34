import { expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import {
  newHostKey,
  payload,
  publicLine,
  type RawConnection,
  startRawServer,
} from '../support/raw-server.ts';

const key = newHostKey();
const announcement = payload(80, 'hostkeys-00@openssh.com', false, '');

// SSH_MSG_IGNORE (2) makes TCP acknowledge what sshd is waiting to have acknowledged: SERVICE_ACCEPT, USERAUTH_SUCCESS with a
// session requested behind the login, host keys, and the answer to that session.
it.each([
  [0, 2],
  [1, 3],
  [50, 3],
])(
  'a server that announces its host keys %i times after the login is sent %i packets that mean nothing',
  async (times, wanted) => {
    const answer = (server: RawConnection, message: Buffer) => {
      if (message[0] === 5) server.send(payload(6, 'ssh-userauth'));
      if (message[0] !== 50) return;
      server.send(payload(52));
      for (let n = 0; n < times; n++) server.send(announcement);
    };
    using server = await startRawServer({ key, strict: true, script: { answer } });
    const connection = await connectViaGateway({
      ...{ host: '127.0.0.1', port: server.port, username: 'rpa', password: 'rpa', retry: false },
      hostKey: { key: publicLine(key) },
    });
    const sent = () => server.connections[0]?.received.filter(({ type }) => type === 2);
    await expect.poll(() => sent()?.length).toBe(wanted);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await connection.close();
    expect(sent()).toEqual(Array.from({ length: wanted }, () => ({ type: 2, encrypted: true })));
  },
);

it.each([
  ['confirmed, acknowledged if nobody waits for it', payload(91, 0, 0, 0, 32_768), false, 3],
  ['refused, acknowledged if nobody waits for it', payload(92, 0, 2, 'open failed', ''), false, 3],
  ['confirmed, not acknowledged if a command follows', payload(91, 0, 0, 0, 32_768), true, 2],
])('a session that left with the login is, when %s', async (_what, reply, isWanted, wanted) => {
  const answer = (server: RawConnection, message: Buffer) => {
    if (message[0] === 5) server.send(payload(6, 'ssh-userauth'));
    if (message[0] === 50) server.send(payload(52));
    if (message[0] === 90) setTimeout(() => server.send(reply), 30);
  };
  using server = await startRawServer({ key, strict: true, script: { answer } });
  await using connection = await connectViaGateway({
    ...{ host: '127.0.0.1', port: server.port, username: 'rpa', password: 'rpa', retry: false as const },
    hostKey: { key: publicLine(key) },
  });
  if (isWanted) connection.exec('true').catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(server.connections[0]?.received.filter(({ type }) => type === 2)).toHaveLength(wanted);
});
