import type { SftpOpener, SftpRequests } from '../../ssh2/sftp/requests.ts';
import { startTimer } from '../../time/timer.ts';

/** Milliseconds for opening the session, and for each answer. */
const patience = 5_000;
/** Milliseconds for all that is done on it: on Windows a program may have a file open for five seconds. */
const limit = 12_000;

/**
 * The session on which a failed transfer removes what it began, when its own has ended or does not answer, and the
 * connection is alive. It is opened when it is first asked for.
 */
export class SecondSession {
  readonly #opener: SftpOpener;
  readonly #background: Promise<unknown>[] = [];
  #opened: Promise<SftpRequests | undefined> | undefined;
  #stopTimer: () => void = () => {};

  constructor(opener: SftpOpener) {
    this.#opener = opener;
  }

  /** Undefined if there is none to be had. Never rejects. */
  get(): Promise<SftpRequests | undefined> {
    this.#opened ??= this.#open().catch(() => undefined);
    return this.#opened;
  }

  /** Keeps the session open until `work` is done as well, which nobody waits for. */
  inBackground(work: Promise<unknown>): void {
    this.#background.push(work);
  }

  async close(): Promise<void> {
    const sftp = await this.#opened;
    await Promise.allSettled(this.#background);
    this.#stopTimer();
    await sftp?.close();
  }

  async #open(): Promise<SftpRequests | undefined> {
    if (this.#opener.lost.error) return undefined;
    const signal = AbortSignal.timeout(patience);
    const sftp = await this.#opener.openSftp({ signal, timeout: patience, requestTimeout: patience });
    sftp.cleanUp();
    this.#stopTimer = startTimer(limit, () => void sftp.close(), false);
    return sftp;
  }
}
