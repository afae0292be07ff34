import { debugTopic, nameOf } from '../../observe/debug.ts';
import { onAbort } from '../../time/on-abort.ts';
import type {
  ConnectGateway,
  ReverseTunnel,
  ReverseTunnelOptions,
  TunnelHappening,
  TunnelState,
  TunnelStatus,
} from '../types.ts';
import { planTunnel, type TunnelPlan } from './options.ts';
import { StatusFeed } from './status-feed.ts';

const debug = debugTopic('tunnel');

/**
 * Publishes a port of this side on the gateway and keeps it published: reconnects, requests a taken port again,
 * reclaims it if allowed, and checks the whole way. `connect` makes one attempt to connect to the gateway.
 *
 * @throws {TypeError | RangeError} for wrong options, before anything opens.
 */
export function startReverseTunnel(connect: ConnectGateway, options: ReverseTunnelOptions): ReverseTunnel {
  return new KeptTunnel(connect, options);
}

class KeptTunnel implements ReverseTunnel {
  #feed = new StatusFeed<TunnelStatus>({ state: 'connecting', since: new Date(), attempt: 1 });
  #stop = new AbortController();
  #onEvent: ReverseTunnelOptions['onEvent'];
  readonly closed: Promise<Error | undefined>;

  constructor(connect: ConnectGateway, options: ReverseTunnelOptions) {
    const plan = planTunnel(options);
    this.#onEvent = options.onEvent;
    const { signal } = options;
    if (signal?.aborted) this.#stop.abort();
    const unfollow = onAbort(signal, () => void this.close());
    this.closed = this.#run(connect, plan).finally(unfollow);
  }

  get state(): TunnelState {
    return this.#feed.current.state;
  }

  get status(): TunnelStatus {
    return this.#feed.current;
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('The tunnel was closed'));
    await this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<TunnelStatus> {
    return this.#feed[Symbol.asyncIterator]();
  }

  async #run(connect: ConnectGateway, plan: TunnelPlan): Promise<Error | undefined> {
    const error = await this.#keep(connect, plan).catch((unexpected: Error) => unexpected);
    this.#feed.set({ state: 'closed', since: new Date(), error });
    this.#feed.end();
    this.#emit({ type: 'closed', error });
    return error;
  }

  /** The first event comes after the caller has received the handle. */
  async #keep(connect: ConnectGateway, plan: TunnelPlan): Promise<Error | undefined> {
    const { Keeper } = await import('./keeper.ts');
    const keeper = new Keeper(connect, plan, this.#stop.signal, {
      emit: (event) => this.#emit(event),
      setStatus: (status) => this.#feed.set(status),
    });
    return keeper.run();
  }

  #emit(event: TunnelHappening): void {
    if (debug.enabled) debug('%s', inWords(event));
    try {
      this.#onEvent?.({ at: new Date(), ...event });
    } catch {
      // An exception in a listener must not take the tunnel down.
    }
  }
}

function inWords(event: TunnelHappening): string {
  const { type, ...rest } = event;
  const { error, ...details } = rest as { error?: Error };
  return `${type} ${JSON.stringify(details)}${error ? ` ${nameOf(error)}` : ''}`;
}
