import {
  type MockGateway,
  type MockServer,
  startMockGateway,
  startMockServer,
} from '../../mock-server/index.ts';
import type { ConnectOptions } from '../../options/types.ts';
import { keepReverseTunnel } from '../../reverse-tunnel.ts';
import type { ReverseTunnel, TunnelEvent } from '../../tunnel/types.ts';
import type { Timeline } from './timeline.ts';

/** The RPA command on the demo's PC. */
export const invoice = 'C:\\rpa\\run.cmd invoice';

/** Its output, in the code page of a Korean Windows (949). */
export const koreanOutput = '송장 처리를 시작합니다\r\n처리 완료: 12건\r\n';

/** A gateway and a Korean Windows PC in this process; each is a real SSH server on a loopback port. */
export interface Scene extends AsyncDisposable {
  readonly gateway: MockGateway;
  readonly pc: MockServer;
  /** The gateway's port that is published for the PC. */
  readonly port: number;
  /** Ends the demo at any point. */
  readonly signal: AbortSignal;
  /** What a worker needs to reach the PC through the gateway. */
  readonly worker: ConnectOptions;
  /** The PC starts its tunnel. Resolves when the gateway listens for it. */
  startTunnel(): Promise<void>;
  /** The PC loses network and power; the gateway is not told, so its session becomes a zombie. */
  losePc(): void;
  /** The gateway's sshd notices (ClientAliveCountMax) and releases the port. */
  noticeZombie(): void;
}

export async function buildScene(timeline: Timeline, signal: AbortSignal): Promise<Scene> {
  const gateway = await startMockGateway();
  const pc = await startMockServer({
    windows: { codePage: 949 },
    exec: { [invoice]: { stdout: koreanOutput, delayMs: 300 } },
  });
  pc.files.mkdir('C:\\rpa');
  const port = await freePort();
  let tunnel: ReverseTunnel | undefined;
  timeline.tell('gateway', `sshd at ${gateway.host}:${gateway.ssh.port}, publishes port ${port} for the PC`);
  timeline.tell('PC', `Windows sshd at ${pc.host}:${pc.port}, code page 949`);

  return {
    gateway,
    pc,
    port,
    signal,
    worker: {
      host: gateway.host,
      port,
      username: pc.username,
      privateKey: pc.clientKey.privateKey,
      hostKey: { fingerprint: pc.hostKey.fingerprint },
      signal,
    },
    async startTunnel() {
      const { ssh } = gateway;
      tunnel = keepReverseTunnel({
        gateway: {
          host: ssh.host,
          port: ssh.port,
          username: ssh.username,
          privateKey: ssh.clientKey.privateKey,
          hostKey: { fingerprint: ssh.hostKey.fingerprint },
        },
        listenPort: port,
        target: { host: pc.host, port: pc.port },
        retry: { minDelay: 200, maxDelay: 500 },
        onEvent: (event) => tellEvent(timeline, event),
      });
      for await (const status of tunnel) if (status.state === 'up') return;
      throw new Error('the tunnel ended before it was up');
    },
    losePc: () => gateway.freezeClient(port),
    noticeZombie: () => gateway.releasePort(port),
    async [Symbol.asyncDispose]() {
      await tunnel?.close();
      await Promise.all([gateway.close(), pc.close()]);
    },
  };
}

function tellEvent(timeline: Timeline, event: TunnelEvent): void {
  if (event.type === 'up') timeline.tell('PC', 'reverse tunnel is up');
  if (event.type === 'port-taken')
    timeline.tell('PC', `tunnel refused: ${event.error.reason} (the zombie has the port)`);
  if (event.type === 'down') timeline.tell('PC', 'is back, and finds its tunnel gone');
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
