import type { Session, Connection as Ssh2Client } from 'ssh2';
import type { Filesystem } from '../sftp/files/filesystem.ts';
import { serveSftp } from '../sftp/serve.ts';
import type { MockPty } from '../types.ts';
import type { ServerConnection } from '../wire/connection.ts';
import { closeUnusedSession, hearSignalsAfterInput, keepSessionName } from '../wire/ssh2-internals.ts';

import { type MockRunningCommand, runCommand } from './exec.ts';
import { type MockRunningShell, runShell } from './shell.ts';

/** Serves the sessions (commands, SFTP) of a connection. */
export function serveSessions(
  connection: ServerConnection,
  client: Ssh2Client,
  files: Filesystem | undefined,
): void {
  let open = 0;
  const { secondSession } = connection.faults.channel ?? {};
  client.on('session', (accept, reject) => {
    if (secondSession && open > 0) return void setImmediate(() => connection.cut(secondSession));
    if (open >= connection.settings.maxSessions) {
      connection.note({ type: 'channel-refused', channelType: 'session', reason: 2 });
      return reject();
    }
    const session = accept();
    keepSessionName(session);
    open++;
    let isCounted = true;
    session.once('close', () => {
      if (isCounted) open--;
      isCounted = false;
      connection.whileAlive(() => closeUnusedSession(client, session));
    });
    serveSession(connection, session, files);
  });
}

function serveSession(connection: ServerConnection, session: Session, files: Filesystem | undefined): void {
  const env: Record<string, string> = {};
  let pty: MockPty | undefined;
  let running: MockRunningCommand | undefined;
  let shell: MockRunningShell | undefined;
  session.on('eof', () => hearSignalsAfterInput(session));
  session.on('env', (accept, _reject, { key, val }) => {
    env[key] = val;
    accept?.();
  });
  session.on('pty', (accept, _reject, info) => {
    const { cols, rows } = info;
    pty = { term: (info as unknown as { term?: string }).term ?? '', cols, rows };
    accept?.();
  });
  session.on('signal', (accept, _reject, { name }) => {
    accept?.();
    running?.receiveSignal(name);
  });
  session.on('exec', (accept, reject, { command }) => {
    connection.note({ type: 'exec', command });
    connection.reach('exec');
    const { refuse, closeUnanswered } = connection.faults.exec ?? {};
    // What listens for its end closes the channel.
    if (closeUnanswered) return void session.emit('close');
    if (refuse) return reject?.();
    const channel = accept();
    connection.adopt(channel);
    running = runCommand(connection, channel, { command, env, pty });
    session.once('close', () => running?.channelIsClosed());
  });
  session.on('shell', (accept, reject) => {
    connection.note({ type: 'shell', ...(pty ? { pty: { ...pty } } : {}) });
    connection.reach('exec');
    if (connection.faults.exec?.refuse || connection.settings.options.shell === false) return reject?.();
    const channel = accept();
    connection.adopt(channel);
    running = shell = runShell(connection, channel, { env, pty });
    session.once('close', () => running?.channelIsClosed());
  });
  session.on('window-change', (accept, _reject, { rows, cols }) => {
    connection.note({ type: 'resize', rows, cols });
    accept?.();
    shell?.resize(rows, cols);
  });
  session.on('subsystem', (accept, reject, { name }) => {
    connection.note({ type: 'subsystem', name });
    if (name !== 'sftp' || !files) return reject?.();
    const channel = accept();
    connection.adopt(channel);
    serveSftp(connection, channel, files);
  });
}
