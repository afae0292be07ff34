import type { Readable } from 'node:stream';
import { checkOptions } from '../check/options.ts';
import type { Link } from '../ssh2/channels/link.ts';
import type { OpenSftpOptions, SftpOpener } from '../ssh2/sftp/requests.ts';
import { FirstSession } from '../ssh2/sftp/subsystem.ts';
import type { SftpClient } from './client/client-types.ts';
import { type SftpOptions, sftpChecks } from './client/sftp-options.ts';
import { planDownload } from './down/plan-download.ts';
import type { TransferOptions, TransferResult } from './transfer/options.ts';
import { planUpload } from './up/plan-upload.ts';

/** The parts that are loaded on first use. */
const parts = {
  up: () => import('./up/index.ts'),
  down: () => import('./down/index.ts'),
  client: () => import('./client/index.ts'),
};

type PartName = keyof typeof parts;
type Part<Name extends PartName> = Awaited<ReturnType<(typeof parts)[Name]>>;

/** Kept here, as waiting for an `import()` takes turns even of what is there. */
const loaded: { [Name in PartName]?: Part<Name> } = {};

/**
 * What a connection does with files. The code for it is loaded on first use. Before that, once the arguments are known
 * to be valid, the server is asked for the session: while it starts its side, the code is loaded here.
 */
export class Files {
  readonly #link: Link;
  readonly #run: SftpOpener['run'];
  #opener: SftpOpener | undefined;

  constructor(link: Link, run: SftpOpener['run']) {
    this.#link = link;
    this.#run = run;
  }

  async upload(
    source: string | Uint8Array | Readable,
    remotePath: string,
    options?: TransferOptions,
  ): Promise<TransferResult> {
    const plan = await planUpload(this.#link, source, remotePath, options);
    return this.#with('up', plan.settings, ({ uploadAsPlanned }, opener) => uploadAsPlanned(opener, plan));
  }

  async download(remotePath: string, localPath: string, options?: TransferOptions): Promise<TransferResult> {
    const plan = planDownload(this.#link.serverVersion, remotePath, localPath, options);
    return this.#with('down', plan.settings, ({ downloadAsPlanned }, opener) =>
      downloadAsPlanned(opener, plan),
    );
  }

  async client(options: SftpOptions = {}): Promise<SftpClient> {
    checkOptions(options, sftpChecks);
    return this.#with('client', { ...options, limitsWait: true }, ({ openSftpClient }, opener) =>
      openSftpClient(opener, options),
    );
  }

  async #with<Name extends PartName, T>(
    name: Name,
    { signal, timeout, limitsWait }: Partial<Pick<OpenSftpOptions, 'signal' | 'timeout' | 'limitsWait'>>,
    work: (part: Part<Name>, opener: SftpOpener) => Promise<T>,
  ): Promise<T> {
    const part = loaded[name] as Part<Name> | undefined;
    if (part) return work(part, this.#openerOf(part));
    // Otherwise one may lie idle.
    const first = this.#opener ? undefined : new FirstSession(this.#link, { signal, timeout, limitsWait });
    try {
      // What was asked leaves at the end of this turn.
      await new Promise((turn) => setImmediate(turn));
      const part = (await parts[name]()) as Part<Name>;
      Object.assign(loaded, { [name]: part });
      const opener = this.#openerOf(part);
      return await work(part, { ...opener, openSftp: (options) => opener.openSftp({ ...options, first }) });
    } finally {
      first?.drop();
    }
  }

  #openerOf({ sftpOpener }: Part<PartName>): SftpOpener {
    this.#opener ??= sftpOpener(this.#link, { run: this.#run });
    return this.#opener;
  }
}
