import type { Client } from 'ssh2';
import { hastenFirstChannel } from '../insides/ahead/first-channel.ts';
import { answersOf, aroundAnswers, handlersOf } from '../insides/messages/inbound.ts';
import type { OnExceeded } from './receive-window.ts';

/** Bytes of answers that may wait for a server to read them. */
const mostWaiting = 256 * 1024;
/** Times that a server may tell its further host keys; sshd does so once. */
const mostHostKeys = 1_000;
/** What one that has not been written yet (during a key exchange) is counted as. */
const leastAnswer = 64;

/** The stream that the answers leave by; a `Transport` is one. */
export interface AnswersStream {
  readonly bytesWritten: number;
  /** Of those, the ones that have not left yet. */
  readonly bytesWaiting: number;
}

/**
 * Counts what we answer to the requests and channel opens of a server, and tells when too much of it waits:
 * a server that asks on and reads nothing would fill the memory. Our own data is not counted; a slow line may hold any
 * amount of that. To be called when the client has connected; false when ssh2 changed inside.
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
 * OpenSSH tells its further host keys after the login. ssh2 would have it prove them, which is work for both sides, and
 * keep each until the answer comes; nobody here wants to know.
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
    // Once: what we send must not grow with what is told.
    if (told === 1) hastenFirstChannel(client);
  };
  return true;
}

/** At least what waits, and at most twice of it: what was counted is forgotten when all of it has left. */
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
