import { afterEach, describe, expect, it, vi } from 'vitest';
import { switchedOff } from '../../src/ssh2/insides/registry/look.ts';
import { payload } from '../support/raw-server.ts';
import { type RawSession, rawSessions } from '../support/raw-sessions.ts';

afterEach(() => switchedOff.clear());

const data = ({ id }: RawSession, text: string) => payload(94, id, text);
const success = ({ id }: RawSession) => payload(99, id);
const endOfFile = ({ id }: RawSession) => payload(96, id);
const exitStatus = ({ id }: RawSession, status: number) => payload(98, id, 'exit-status', false, status);
const closed = ({ id }: RawSession) => payload(97, id);

/** As an honest server does it: says the command, with status 0. */
function echo(session: RawSession): void {
  const { command = '' } = session;
  for (const said of [success(session), data(session, command), exitStatus(session, 0), closed(session)])
    session.send(said);
}

describe.each([['of our own'], ['of ssh2']])('a session %s', (whose) => {
  it('that receives empty data continues, and ends', async () => {
    if (whose === 'of ssh2') switchedOff.add('sessions of our own');
    await using server = await rawSessions({
      onExec(session) {
        session.send(success(session));
        for (const text of ['', 'one ', '', '', 'two']) session.send(data(session, text));
        session.send(payload(95, session.id, 1, ''));
        session.send(exitStatus(session, 0));
        session.send(closed(session));
      },
    });
    const heard: string[] = [];
    const command = server.connection.exec('x', { onStdout: (text: string) => void heard.push(text) });
    expect((await command).stdout).toBe('one two');
    expect(heard.join('')).toBe('one two');
  });
});

describe.concurrent('a session that is opened ahead', () => {
  /** Runs commands one after another on a server that says this on each session that has no command yet. */
  async function run(unasked: (session: RawSession) => Buffer) {
    const isClosed = new Set<RawSession>();
    const close = (session: RawSession) => {
      if (isClosed.has(session)) return;
      isClosed.add(session);
      session.send(closed(session));
    };
    const told = new Set<RawSession>();
    await using server = await rawSessions({
      onExec(session) {
        isClosed.add(session);
        // By then the one for the next command is open.
        setTimeout(() => {
          for (const idle of server.sessions) {
            if (idle.command !== undefined || told.has(idle) || isClosed.has(idle)) continue;
            told.add(idle);
            idle.send(unasked(idle));
          }
          echo(session);
        }, 10);
      },
      onClose: close,
    });
    const { connection, sessions } = server;
    for (let n = 0; n < 6; n++) {
      const { stdout, exitCode } = await connection.exec(`command ${n}`);
      expect({ stdout, exitCode }).toEqual({ stdout: `command ${n}`, exitCode: 0 });
    }
    // None runs twice, and none is forgotten: what has no command is closed in the end.
    const commands = sessions.map(({ command }) => command).filter((command) => command !== undefined);
    expect(commands).toEqual(Array.from({ length: 6 }, (_, n) => `command ${n}`));
    const forgotten = () => sessions.filter((session) => !isClosed.has(session));
    await vi.waitFor(() => expect(forgotten()).toEqual([]), { timeout: 10_000 });
    return sessions.length;
  }

  it.each<[string, (session: RawSession) => Buffer]>([
    ['data', (session) => data(session, 'welcome')],
    ['stderr', (session) => payload(95, session.id, 1, 'welcome')],
    ['its end of file', endOfFile],
    ['an exit status', (session) => exitStatus(session, 7)],
  ])('is not used if the server has sent %s on it', async (_what, unasked) => {
    expect(await run(unasked)).toBeGreaterThan(6);
  });

  it.each<[string, (session: RawSession) => Buffer]>([
    ['a success', success],
    ['a failure', ({ id }) => payload(100, id)],
    ['data of no length', (session) => data(session, '')],
    ['a wider window', ({ id }) => payload(93, id, 1_000)],
  ])('is used although it received %s unsolicited', async (_what, unasked) => {
    // The first command has a session of its own.
    expect(await run(unasked)).toBeLessThan(9);
  });
});
