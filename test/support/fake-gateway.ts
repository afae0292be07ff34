import { PassThrough } from 'node:stream';
import {
  ConnectionLost,
  ConnectionRefused,
  PortForwardFailed,
  type SshError,
} from '../../src/errors/index.ts';
import type { Forwarding } from '../../src/forward/types.ts';
import { latch } from '../../src/time/latch.ts';
import type { GatewayConnection } from '../../src/tunnel/types.ts';

const where = { host: 'gateway', port: 22 };

export function portTaken(port = 9012): PortForwardFailed {
  const details = { ...where, phase: 'forward', direction: 'remote', reason: 'port-taken' } as const;
  return new PortForwardFailed(`port ${port} is taken`, { ...details, listenPort: port, retryable: true });
}

export function forbidden(port = 9012): PortForwardFailed {
  const details = { ...where, phase: 'forward', direction: 'remote', reason: 'not-permitted' } as const;
  return new PortForwardFailed(`port ${port} is not allowed`, { ...details, listenPort: port });
}

export function unreachable(): ConnectionRefused {
  return new ConnectionRefused('gateway:22 refused', { ...where, phase: 'tcp', retryable: true });
}

export function lost(): ConnectionLost {
  return new ConnectionLost('the gateway is gone', { ...where, phase: 'session', why: 'socket' });
}

/** A connection to a gateway that does what the test says, without a network. */
export class FakeConnection implements GatewayConnection {
  readonly #closed = latch<SshError | undefined>();
  /** What the next requests for the port get; success when empty. */
  refusals: Error[] = [];
  forwards = 0;
  closes = 0;
  scripts: string[] = [];
  onExec: (script: string) => string = () => '';
  onOpenStream: () => PassThrough | Error = () => answering('SSH-2.0-pc\r\n');

  get closed() {
    return this.#closed.promise;
  }

  exec(command: string) {
    this.scripts.push(command);
    return Promise.resolve({ exitCode: 0, stdout: this.onExec(command) });
  }

  async forwardRemote({ listenHost = '', listenPort = 0 }): Promise<Forwarding> {
    this.forwards++;
    const refusal = this.refusals.shift();
    if (refusal) throw refusal;
    const close = async () => {};
    const handle = { host: listenHost, port: listenPort, connections: 0, closed: this.closed, close };
    return { ...handle, [Symbol.asyncDispose]: close };
  }

  async openStream() {
    const result = this.onOpenStream();
    if (result instanceof Error) throw result;
    return result;
  }

  break(error: SshError = lost()): void {
    this.#closed.resolve(error);
  }

  async close(): Promise<void> {
    this.closes++;
    this.#closed.resolve(undefined);
  }
}

/** A stream that says `words` at once and stays open. */
export function answering(words: string): PassThrough {
  const stream = new PassThrough();
  stream.write(words);
  return stream;
}

/** What a gateway's shell answers to a script of ours. */
export function shellSays(...lines: string[]): string {
  return `${['ssh-via-gateway-script-1', ...lines].join('\n')}\n`;
}
