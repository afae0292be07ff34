import type { Duplex } from 'node:stream';

/** The other side ended the connection before it had said what was to be said. */
export class HungUp extends Error {}

/**
 * Exactly so many bytes of the stream; what comes behind them stays in it.
 * @throws {Error} when the stream ends or fails before that.
 */
export function readBytes(stream: Duplex, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      stream.off('readable', look).off('end', onEnd).off('close', onEnd).off('error', onError);
      act();
    };
    const look = () => {
      const bytes = stream.read(length) as Buffer | null;
      // At the end of the stream, what is left comes even if it is less.
      if (bytes?.length === length) settle(() => resolve(bytes));
      else if (bytes) onEnd();
    };
    const onEnd = () => settle(() => reject(new HungUp('the connection ended in the middle of an answer')));
    const onError = (error: Error) => settle(() => reject(error));
    stream.on('readable', look).on('end', onEnd).on('close', onEnd).on('error', onError);
    if (stream.destroyed || stream.readableEnded) onEnd();
    else look();
  });
}
