import { afterEach, describe, expect, it } from 'vitest';
import { switchedOff } from '../../src/ssh2/insides/registry/look.ts';
import { failureOf } from '../exec/mock.ts';
import { payload } from '../support/raw-server.ts';
import { type RawSession, rawSessions } from '../support/raw-sessions.ts';

afterEach(() => switchedOff.clear());

const success = ({ id }: RawSession) => payload(99, id);
const exitStatus = ({ id }: RawSession, status: number) => payload(98, id, 'exit-status', false, status);
const closed = ({ id }: RawSession) => payload(97, id);

describe.each([['SSH-2.0-OpenSSH_9.2p1'], ['SSH-2.0-Weird_1.0']])('sessions of a server %s', (ident) => {
  it('whose commands it never answers do not keep later ones waiting', async () => {
    const channelTimeout = 200;
    const asked = new Set<string | undefined>();
    const onExec = (session: RawSession) => void asked.add(session.command);
    await using server = await rawSessions({ ident, channelTimeout, onExec });
    const count = ident.includes('OpenSSH') ? 14 : 3;
    const commands = Array.from({ length: count }, (_, n) => `x${n}`);
    const errors = await Promise.all(commands.map((command) => failureOf(server.connection.exec(command))));
    for (const error of errors)
      expect(error).toMatchObject({ code: 'SSH_CHANNEL_TIMEOUT', timeoutMs: channelTimeout });
    expect([...asked].sort()).toEqual(commands.sort());
  });

  it.each([['of our own'], ['of ssh2']])(
    'whose CLOSE it never sends do not keep later commands waiting (%s)',
    async (whose) => {
      if (whose === 'of ssh2') switchedOff.add('sessions of our own');
      await using server = await rawSessions({
        ident,
        channelTimeout: 1_000,
        onExec(session) {
          session.send(success(session));
          if (session.command !== 'short') return;
          session.send(exitStatus(session, 0));
          session.send(closed(session));
        },
      });
      const { connection } = server;
      const count = ident.includes('OpenSSH') ? 11 : 1;
      const options = { onStdout: () => {}, timeout: 50 };
      const commands = Array.from({ length: count }, () => failureOf(connection.exec('x', options)));
      const short = connection.exec('short');
      for (const error of await Promise.all(commands))
        expect(error).toMatchObject({ code: 'SSH_COMMAND_TIMEOUT' });
      expect((await short).exitCode).toBe(0);
    },
  );
});
