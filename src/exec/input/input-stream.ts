import { Writable } from 'node:stream';
import type { SessionChannel } from '../../ssh2/channels/session-channel.ts';
import type { StreamCallback } from '../../ssh2/channels/stream-channel.ts';

/** A command's stdin. Writes before the command has started are held; writes after its end fail. */
export class InputStream extends Writable {
  #channel: SessionChannel | undefined;
  #waiting: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 256 * 1024 });
    // An unhandled EPIPE must not crash the process: how the command ended says more.
    this.on('error', () => {});
  }

  connect(channel: SessionChannel): void {
    this.#channel = channel;
    this.#waiting?.();
    this.#waiting = undefined;
  }

  /** The command has ended; pending input will not be read. */
  endEarly(): void {
    if (this.writableLength === 0) this.destroy();
    else
      this.destroy(
        Object.assign(new Error('The command ended without reading its input'), { code: 'EPIPE' }),
      );
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: StreamCallback): void {
    this.#whenConnected((channel) => {
      // `done` runs the writer's code, which must not run inside ssh2's packet handler.
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

/** The error of `command.stdin` when accessed too late: anything written to it would be lost. */
export function inputIsOver(): TypeError {
  return new TypeError(
    'command.stdin: the input of this command has ended; access it in the same tick as the call, or use the option stdin',
  );
}
