import type { Client } from 'ssh2';
import { hastenFirstChannel } from '../insides/ahead/first-channel.ts';
import { answersOf, aroundAnswers, handlersOf } from '../insides/messages/inbound.ts';
import type { OnExceeded } from './receive-window.ts';

/** How many bytes of answers may wait for the server to read them. */
const mostWaiting = 256 * 1024;
/** How often a server may announce further host keys; sshd does it once. */
const mostHostKeys = 1_000;
/** What an answer that is not written yet (during a key exchange) counts as. */
const leastAnswer = 64;

/** The stream through which the answers leave, such as a `Transport`. */
export interface AnswersStream {
  readonly bytesWritten: number;
  /** How many of those bytes have not left yet. */
  readonly bytesWaiting: number;
}

/**
 * Counts the bytes of our answers to a server's requests and channel opens, and reports when too many of them wait: a
 * server that keeps asking and never reads would otherwise fill our memory. Our own data does not count; any amount of
 * it may wait for a slow line. Call it right after `client.connect`; returns false if ssh2's internals have changed.
 */
export function boundAnswers(client: Client, output: AnswersStream, onExceeded: OnExceeded): boolean {
  const answers = answersOf(client);
  if (!answers || !ignoreHostKeys(client, onExceeded)) return false;
  const waiting = new WaitingAnswers(output);
  aroundAnswers(answers, (answer) => {
    const before = output.bytesWritten;
    answer();
    const bytes = waiting.add(output.bytesWritten - before);
    if (bytes > mostWaiting) onExceeded(wordsFor(bytes));
  });
  return true;
}

function wordsFor(bytes: number): string {
  return `it let ${bytes} bytes of answers to its requests wait, and kept sending requests (limit ${mostWaiting} bytes)`;
}

/**
 * OpenSSH announces its further host keys after the login. ssh2 would ask for a proof of each, which is work for both
 * sides, and keep them until the answer arrives; nothing here uses the result.
 */
function ignoreHostKeys(client: Client, onExceeded: OnExceeded): boolean {
  const handlers = handlersOf(client);
  const original = handlers?.GLOBAL_REQUEST;
  if (!handlers || !original) return false;
  let told = 0;
  handlers.GLOBAL_REQUEST = (protocol, name, wantReply, data) => {
    if (name !== 'hostkeys-00@openssh.com') return original(protocol, name, wantReply, data);
    if (++told > mostHostKeys) onExceeded(`it announced its host keys more than ${mostHostKeys} times`);
    else if (wantReply) answersOf(client)?.requestSuccess();
    // Only once: what we send must not grow with the number of announcements.
    if (told === 1) hastenFirstChannel(client);
  };
  return true;
}

/** Between one and two times what is waiting: the count is reset only when everything counted so far has left. */
class WaitingAnswers {
  readonly #output: AnswersStream;
  #bytes = 0;
  #until = 0;

  constructor(output: AnswersStream) {
    this.#output = output;
  }

  add(bytes: number): number {
    const { bytesWritten, bytesWaiting } = this.#output;
    if (bytes > 0 && bytesWritten - bytesWaiting >= this.#until) {
      this.#bytes = 0;
      this.#until = bytesWritten;
    }
    this.#bytes += Math.max(bytes, leastAnswer);
    return this.#bytes;
  }
}
