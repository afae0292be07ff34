import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { freePort, type Sshd, startSshd } from './sshd.ts';

/** A real gateway, a real PC behind it, and the `ssh -R` between them. */
export interface TunnelledPc extends AsyncDisposable {
  readonly gateway: Sshd;
  readonly pc: Sshd;
  /** Where a worker reaches the PC: a port of the gateway. */
  readonly host: string;
  readonly port: number;
  /** The PC's ssh client, for signals. */
  readonly client: ChildProcess;
  /** Whether the gateway listens on the port, seen without touching it. */
  isPublished(): Promise<boolean>;
  /** Starts the PC's ssh client again. */
  reopen(): Promise<void>;
}

export async function tunnelledPc(gatewayConfig: readonly string[] = []): Promise<TunnelledPc> {
  const gateway = await startSshd({ config: gatewayConfig });
  const pc = await startSshd();
  const port = await freePort();
  let client = await openTunnel(gateway, pc, port);
  return {
    gateway,
    pc,
    host: '127.0.0.1',
    port,
    get client() {
      return client;
    },
    isPublished: () => isListening(port),
    reopen: async () => {
      client = await openTunnel(gateway, pc, port);
    },
    [Symbol.asyncDispose]: async () => {
      await endProcess(client);
      await pc.close();
      await gateway.close();
    },
  };
}

async function openTunnel(gateway: Sshd, pc: Sshd, port: number): Promise<ChildProcess> {
  const options = [
    'ExitOnForwardFailure=yes',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'BatchMode=yes',
    'LogLevel=ERROR',
  ];
  const child = spawn(
    'ssh',
    [
      ...['-N', '-F', 'none', '-i', gateway.privateKeyPath, '-p', String(gateway.port)],
      ...options.flatMap((option) => ['-o', option]),
      ...['-R', `127.0.0.1:${port}:127.0.0.1:${pc.port}`, `${gateway.username}@${gateway.host}`],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    if (child.exitCode !== null) throw new Error(`ssh -R ended with ${child.exitCode}`);
    if (await isListening(port)) return child;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw new Error(`the tunnel to port ${port} did not come up`);
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** Looks into the kernel's table: a connect would wake a zombie. */
async function isListening(port: number): Promise<boolean> {
  const { readFile } = await import('node:fs/promises');
  const wanted = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const listening = '0A';
  return (await readFile('/proc/net/tcp', 'utf8'))
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .some(([, local, , state]) => local === wanted && state === listening);
}

/** What the naive worker does: connect, wait for the banner a while, hang up. */
export function knock(port: number, waitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = () => {
      socket.destroy();
      resolve();
    };
    socket.on('error', end);
    socket.on('close', end);
    setTimeout(end, waitMs);
  });
}
