import type { ConnectOptions } from '../../src/options/types.ts';
import type { ReverseTunnelOptions } from '../../src/tunnel/types.ts';
import { type Networks, startNetworks } from './namespaces.ts';
import { freePort, type Sshd, startSshd } from './sshd.ts';
import { startTunnelProcess, type TunnelProcess } from './tunnel-process.ts';

/** A gateway, a PC behind it, and this process as the worker, each in a network of its own, with real sshd. */
export interface TunnelWorld extends AsyncDisposable {
  readonly networks: Networks;
  readonly gateway: Sshd;
  readonly pc: Sshd;
  /** The port that is published for the PC. */
  readonly port: number;
  /** Starts the PC's side of the tunnel in the PC's network, on a machine of this name; ended with the world. */
  startTunnel(options?: Partial<ReverseTunnelOptions>, machine?: string): Promise<TunnelProcess>;
  /** How a worker reaches the PC: no setting but where, who and which key. */
  workerOptions(): ConnectOptions;
  /** How somebody logs in at the gateway itself. */
  gatewayOptions(): ConnectOptions;
}

export async function startTunnelWorld(gatewayConfig: readonly string[] = []): Promise<TunnelWorld> {
  const stack = new AsyncDisposableStack_();
  try {
    const networks = stack.use(await startNetworks());
    const gateway = stack.use(
      await startSshd({
        ...networks.gateway,
        config: [...gatewayConfig, 'GatewayPorts clientspecified'],
      }),
    );
    // On the PC's loopback too, so that a change of its address leaves the tunnel's target alone.
    const pc = stack.use(await startSshd({ ...networks.pc, config: ['ListenAddress 127.0.0.1'] }));
    const port = await freePort();
    const gatewayOptions = (): ConnectOptions => ({
      host: gateway.host,
      port: gateway.port,
      username: gateway.username,
      privateKey: gateway.privateKey,
      hostKey: { key: gateway.hostPublicKey },
    });
    return {
      networks,
      gateway,
      pc,
      port,
      gatewayOptions,
      startTunnel: async (options = {}, machine) =>
        stack.use(
          await startTunnelProcess(
            networks.pc.namespace,
            {
              listenHost: '0.0.0.0',
              listenPort: port,
              target: { host: '127.0.0.1', port: pc.port },
              checkInterval: 2_000,
              ...options,
              gateway: {
                ...gatewayOptions(),
                keepalive: { interval: 500, countMax: 2 },
                ...options.gateway,
              },
            },
            machine,
          ),
        ),
      workerOptions: () => ({
        host: gateway.host,
        port,
        username: pc.username,
        privateKey: pc.privateKey,
        hostKey: { key: pc.hostPublicKey },
      }),
      [Symbol.asyncDispose]: () => stack.dispose(),
    };
  } catch (error) {
    await stack.dispose();
    throw error;
  }
}

/** What was used last goes first. (Node 20 has no AsyncDisposableStack.) */
class AsyncDisposableStack_ {
  #used: AsyncDisposable[] = [];

  use<T extends AsyncDisposable>(value: T): T {
    this.#used.push(value);
    return value;
  }

  async dispose(): Promise<void> {
    for (const value of this.#used.reverse()) await value[Symbol.asyncDispose]();
  }
}
