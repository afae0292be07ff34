import type { Duplex } from 'node:stream';
import { HungUp } from '../socks/read-bytes.ts';
import { StrangeAnswer } from './strange-answer.ts';

const closedWithoutAnswer = 'it closed the connection without an answer';

/** An HTTP proxy's answer to CONNECT. */
export interface ConnectAnswer {
  readonly status: number;
  /** Untrusted text, one character per byte. */
  readonly reason: string;
  /** All `Proxy-Authenticate` headers, joined with commas. Untrusted text. */
  readonly waysIn: string;
}

/** Same limit as in Node.js; no proxy sends a longer head. */
const longestAnswer = 16 * 1024;

/**
 * Reads the head of the answer (RFC 9112, sections 2 to 5) as leniently as curl: a line may end without CR, a header
 * may continue on the next line, and `100 Continue` may come first. Unlike an HTTP parser, it ignores what the answer
 * says about a body: what follows a success is the tunnel. Whatever follows the head stays in the stream.
 *
 * @throws {StrangeAnswer} if it is not HTTP, or never ends.
 * @throws {Error} if the stream ends or fails before that.
 */
export async function readConnectAnswer(stream: Duplex): Promise<ConnectAnswer> {
  for (let length = 0; ; ) {
    const head = await readHead(stream, longestAnswer - length);
    length += head.length;
    const { status, ...answer } = parse(head);
    // Interim responses (RFC 9110, section 15.2); 101 would switch to another protocol.
    if (status < 100 || status > 199 || status === 101) return { status, ...answer };
  }
}

function parse(head: string): ConnectAnswer {
  const [first = '', ...lines] = head.trimStart().split(/\r?\n/);
  const [, status = '', reason = ''] = /^HTTP\/\d(?:\.\d)? +(\d{3})(?: (.*))?$/i.exec(first.trimEnd()) ?? [];
  if (status === '') throw new StrangeAnswer(Buffer.from(head, 'latin1'));
  const ways = lines
    .join('\n')
    .replace(/\n[ \t]+/g, ' ')
    .matchAll(/^proxy-authenticate[ \t]*:(.*)$/gim);
  return { status: Number(status), reason, waysIn: [...ways].map(([, way = '']) => way.trim()).join(', ') };
}

/** Reads up to and including the empty line. */
function readHead(stream: Duplex, most: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0);
    const settle = (act: () => void) => {
      stream.off('readable', look).off('end', onEnd).off('close', onEnd).off('error', onError);
      act();
    };
    const look = () => {
      const chunk: Buffer | null = stream.read();
      if (chunk === null) return;
      read = Buffer.concat([read, chunk]);
      const text = read.toString('latin1');
      const [head] = /^\s*\S.*?\n\r?\n/s.exec(text.slice(0, most)) ?? [];
      if (!beginsAsHttp(text)) settle(() => reject(new StrangeAnswer(read)));
      else if (head !== undefined) {
        settle(() => {
          stream.unshift(read.subarray(head.length));
          resolve(head);
        });
      } else if (read.length >= most)
        settle(() => reject(new Error(`its answer goes on after ${longestAnswer} bytes`)));
    };
    const onEnd = () =>
      settle(() =>
        reject(new HungUp(read.length > 0 ? 'it closed the connection in mid-answer' : closedWithoutAnswer)),
      );
    const onError = (error: Error) => settle(() => reject(error));
    stream.on('readable', look).on('end', onEnd).on('close', onEnd).on('error', onError);
    if (stream.destroyed || stream.readableEnded) onEnd();
    else look();
  });
}

function beginsAsHttp(text: string): boolean {
  const begin = text.trimStart().slice(0, 5).toUpperCase();
  return 'HTTP/'.startsWith(begin);
}
