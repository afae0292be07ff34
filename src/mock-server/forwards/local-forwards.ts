import { connect, type Socket } from 'node:net';
import type { ServerChannel, Connection as Ssh2Client } from 'ssh2';
import type { Refusal } from '../faults/channel-faults.ts';
import type { ServerConnection } from '../wire/connection.ts';
import { joinChannel } from './join.ts';

type Accept = () => ServerChannel;
type Reject = () => void;

const prohibited: Refusal = { reason: 1, text: 'open failed' };
const refused: Refusal = { reason: 2, text: 'Connection refused' };

/** Serves connections through the server: `ssh -L`, `ssh -W`, jump hosts, Unix sockets. */
export function serveLocalForwards(
  connection: ServerConnection,
  client: Ssh2Client,
  refuseWith: (refusal: Refusal) => void,
): void {
  const open = (target: string, dial: () => Socket, accept: Accept, reject: Reject) => {
    const refuse = (refusal: Refusal) => {
      connection.note({ type: 'direct', target, accepted: false });
      connection.whileAlive(() => {
        refuseWith(refusal);
        reject();
      });
    };
    const { local } = connection.settings;
    if (local === false) return refuse(prohibited);
    if (local === 'refuse') return refuse(refused);
    dialTarget(connection, dial, (socket) => {
      if (!socket) return refuse(refused);
      connection.note({ type: 'direct', target, accepted: true });
      connection.whileAlive(() => {
        const channel = accept();
        connection.adopt(channel);
        joinChannel(channel, socket);
      });
    });
  };
  client.on('tcpip', (accept, reject, { destIP, destPort }) => {
    const dial = () => connect({ host: destIP, port: destPort, allowHalfOpen: true });
    open(`${destIP}:${destPort}`, dial, accept, reject);
  });
  if (!connection.settings.unixSockets) return;
  client.on('openssh.streamlocal' as 'tcpip', (accept, reject, info) => {
    const { socketPath } = info as unknown as { socketPath: string };
    open(socketPath, () => connect({ path: socketPath, allowHalfOpen: true }), accept, reject);
  });
}

/** Connects; the socket ends together with the SSH connection that requested it. */
function dialTarget(
  connection: ServerConnection,
  dial: () => Socket,
  then: (socket: Socket | undefined) => void,
): void {
  let socket: Socket;
  try {
    socket = dial();
  } catch {
    // The port is above 65535.
    return then(undefined);
  }
  const forget = connection.onEnd(() => socket.destroy());
  socket.on('error', () => {});
  let isConnected = false;
  socket.once('connect', () => {
    isConnected = true;
    then(socket);
  });
  socket.once('close', () => {
    forget();
    if (!isConnected) then(undefined);
  });
}
