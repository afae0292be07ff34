import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';

const listener = `
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    process.stdout.write(server.address().port + '\\n', () => process.kill(process.pid, 'SIGSTOP'));
  });
`;

/** A port whose SYNs nobody answers: a stopped process with a full queue. Linux only. */
export async function deafPort(): Promise<{ host: string; port: number } & AsyncDisposable> {
  const child = spawn(process.execPath, ['-e', listener], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.stdout.once('data', (text: Buffer) => resolve(Number(text)));
  });
  const fillers: Socket[] = [];
  // The kernel answers for the process until its queue is full.
  while (await connects(port, fillers));
  const close = async () => {
    for (const socket of fillers) socket.destroy();
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  };
  return { host: '127.0.0.1', port, [Symbol.asyncDispose]: close };
}

function connects(port: number, fillers: Socket[]): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    fillers.push(socket);
    socket.on('error', () => {});
    const timer = setTimeout(() => resolve(false), 300);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
