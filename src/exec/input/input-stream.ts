import { Writable } from 'node:stream';
import type { SessionChannel } from '../../ssh2/channels/session-channel.ts';
import type { StreamCallback } from '../../ssh2/channels/stream-channel.ts';

/** A command's stdin. What is written before the command has started waits; after its end, writes fail. */
export class InputStream extends Writable {
  #channel: SessionChannel | undefined;
  #waiting: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 256 * 1024 });
    // The end of the command says more than the EPIPE of its input.
    this.on('error', () => {});
  }

  connect(channel: SessionChannel): void {
    this.#channel = channel;
    this.#waiting?.();
    this.#waiting = undefined;
  }

  /** The command has ended: what it has not read, it will not read. */
  endEarly(): void {
    if (this.writableLength === 0) this.destroy();
    else
      this.destroy(
        Object.assign(new Error('The command ended without reading its input'), { code: 'EPIPE' }),
      );
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: StreamCallback): void {
    this.#whenConnected((channel) => {
      // Not inside ssh2's packet handler: `done` runs the writer's code.
      channel.write(chunk, (error) => process.nextTick(done, error));
    });
  }

  override _final(done: StreamCallback): void {
    this.#whenConnected((channel) => {
      channel.end();
      done();
    });
  }

  #whenConnected(action: (channel: SessionChannel) => void): void {
    if (this.#channel) return action(this.#channel);
    this.#waiting = () => {
      if (this.#channel) action(this.#channel);
    };
  }
}

/** What `command.stdin` throws when it is taken too late: whatever were written to it would vanish. */
export function inputIsOver(): TypeError {
  return new TypeError(
    'command.stdin: the input of this command has ended; access it in the same tick as the call, or use the option stdin',
  );
}
