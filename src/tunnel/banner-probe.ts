import type { Duplex } from 'node:stream';
import { OpeningWords } from '../ssh2/transport/opening-words.ts';
import { latch } from '../time/latch.ts';
import { orAborted } from '../time/on-abort.ts';
import { startTimer } from '../time/timer.ts';

/** What came first through a stream: an SSH banner, its end without one, or nothing in time. */
export type FirstWords = { kind: 'banner'; banner: string } | { kind: 'ended' } | { kind: 'silent' };

const maxBanner = 255;

/** Waits for an SSH server's identification line without sending anything, then destroys the stream. */
export async function readBanner(stream: Duplex, timeout: number, signal?: AbortSignal): Promise<FirstWords> {
  const answer = latch<FirstWords>();
  const heard = new OpeningWords();
  const ended = () => answer.resolve({ kind: 'ended' });
  const stopTimer = startTimer(timeout, () => answer.resolve({ kind: 'silent' }));
  stream.on('error', ended);
  stream.on('end', ended);
  stream.on('close', ended);
  stream.on('data', (chunk: Buffer) => {
    const line = heard.add(chunk);
    if (line) {
      const banner = heard.bytes.toString('latin1', line.start, Math.min(line.end, line.start + maxBanner));
      answer.resolve({ kind: 'banner', banner });
    } else if (heard.bytes.length > 8_192) ended();
  });
  try {
    return await orAborted(answer.promise, signal);
  } finally {
    stopTimer();
    stream.destroy();
  }
}
