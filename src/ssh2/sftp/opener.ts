import { startTimer } from '../../time/timer.ts';
import type { Link } from '../channels/link.ts';
import { defaultRequestTimeout, openSftp } from './channel.ts';
import type { SftpOperations } from './operations.ts';
import type { OpenSftpOptions, SftpOpener, SftpRequests } from './requests.ts';

/** Opening a session takes two round trips or more, so an unused one is kept this long for the next transfer. */
const idleTime = 5_000;
const mostIdle = 8;

/** The SFTP sessions of one connection: opened as needed, kept for a while, and given up when others want sessions. */
export function sftpOpener(link: Link, about: Pick<SftpOpener, 'serverVersion' | 'run'> = {}): SftpOpener {
  const idle = new IdleSessions(link);
  const findings = { writesOneByOne: false };
  const serverVersion = about.serverVersion ?? link.serverVersion;
  return {
    run: about.run,
    serverVersion,
    lost: link.lost,
    leaving: link.leaving,
    chores: link.chores,
    where: link.where,
    async openSftp(options: OpenSftpOptions = {}): Promise<SftpRequests> {
      options.signal?.throwIfAborted();
      const sftp = idle.take() ?? (await openSftp(link, { ...options, serverVersion, findings }));
      sftp.requestTimeout = options.requestTimeout ?? defaultRequestTimeout;
      sftp.onRelease = () => idle.keep(sftp);
      return sftp;
    },
  };
}

class IdleSessions {
  #link: Link;
  #idle = new Map<SftpOperations, () => void>();

  constructor(link: Link) {
    this.#link = link;
    link.slots.onCrowded(() => this.#closeAll());
  }

  take(): SftpOperations | undefined {
    for (const [sftp, stopTimer] of this.#idle) {
      stopTimer();
      this.#idle.delete(sftp);
      if (!sftp.ended) return sftp;
    }
    return undefined;
  }

  keep(sftp: SftpOperations): void {
    if (sftp.ended || this.#idle.has(sftp)) return;
    const { waiting, takesSeveral } = this.#link.slots;
    // On a server not known to allow several sessions, this one would be open beside the next command's.
    const isUnwanted = waiting > 0 || !takesSeveral;
    if (sftp.busy || isUnwanted || this.#idle.size >= mostIdle) return void sftp.close();
    const stop = startTimer(idleTime, () => this.#close(sftp), false);
    this.#idle.set(sftp, stop);
  }

  #close(sftp: SftpOperations): void {
    this.#idle.get(sftp)?.();
    this.#idle.delete(sftp);
    void sftp.close();
  }

  #closeAll(): void {
    for (const sftp of this.#idle.keys()) this.#close(sftp);
  }
}
