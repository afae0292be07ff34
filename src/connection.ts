import { type Duplex, Readable } from 'node:stream';
import { inspect } from 'node:util';
import type { Arrival } from './arrival.ts';
import type { PhaseTimings, SshError } from './errors/index.ts';
import { exec } from './exec/exec.ts';
import { powershell } from './exec/powershell.ts';
import type { ShellOptions, ShellSession } from './exec/shell/types.ts';
import type {
  BufferExecOptions,
  BufferPowerShellOptions,
  Command,
  Encoding,
  ExecOptions,
  PowerShellOptions,
  TextExecOptions,
  TextPowerShellOptions,
} from './exec/types.ts';
import type {
  DynamicForwardOptions,
  Forwarding,
  ForwardTarget,
  LocalForwardOptions,
  RemoteForwardOptions,
} from './forward/types.ts';
import { attachJob } from './job/attach-job.ts';
import { execHost } from './job/host/exec-host.ts';
import type { RemoveJobsOptions } from './job/list-jobs.ts';
import type { RemoteJob } from './job/remote-job.ts';
import type { AttachJobOptions, JobHost, JobSummary, JobsOptions, StartJobOptions } from './job/types.ts';
import type { SftpClient } from './sftp/client/client-types.ts';
import type { SftpOptions } from './sftp/client/sftp-options.ts';
import { Files } from './sftp/files.ts';
import type { TransferOptions, TransferResult } from './sftp/transfer/options.ts';
import type { Link, OpenOptions } from './ssh2/channels/link.ts';
import { withoutWaiting } from './ssh2/channels/without-waiting.ts';

/**
 * An open SSH connection. When it ends, everything pending on it rejects with `ConnectionLost`, and `closed`
 * resolves. Close it (`await using`, or `close()`), or it keeps the process alive.
 */
export class Connection {
  #arrival: Arrival;
  #link: Link;
  #filesMade: Files | undefined;
  #jobHostMade: JobHost | undefined;
  #closed: Promise<SshError | undefined> | undefined;

  /** @internal Made by `connectViaGateway`. */
  constructor(arrival: Arrival) {
    this.#arrival = arrival;
    this.#link = arrival.owned.link;
  }

  /**
   * Resolves when the connection has ended: with the error that ended it, at once, or with undefined after `close()`.
   * Never rejects.
   */
  get closed(): Promise<SshError | undefined> {
    this.#closed ??= this.#arrival.owned.ended.then(() => this.#reason());
    return this.#closed;
  }

  /** Milliseconds that each phase of the successful attempt took. */
  get timings(): Readonly<PhaseTimings> {
    return { ...this.#arrival.timings };
  }

  /** The server's software, for example `OpenSSH_for_Windows_9.5`, escaped for display. */
  get serverVersion(): string {
    return this.#arrival.serverVersion;
  }

  /** `SHA256:...` of the server's host key, as `ssh-keygen -l` prints it. */
  get hostKeyFingerprint(): string {
    return this.#arrival.hostKeyFingerprint();
  }

  /**
   * Runs a command. An array of arguments is quoted for the server's shell; a string is sent as it is.
   *
   * @example
   * const { stdout } = await connection.exec(['dir', 'C:\\rpa'], { encoding: 'cp949', timeout: 60_000 });
   * for await (const line of connection.exec('rpa-run invoice')) console.log(line);
   *
   * @throws {TypeError | RangeError} at once for wrong arguments.
   * @throws {CommandFailed} (rejection) for a non-zero exit code or a signal, unless `reject: false`.
   * @throws {ConnectionLost} (rejection) with the output so far.
   * @throws {CommandTimeout | OutputLimitExceeded | ChannelOpenFailed | ChannelTimeout}
   */
  exec(command: string | readonly string[], options: BufferExecOptions): Command<Buffer>;
  exec(command: string | readonly string[], options?: TextExecOptions): Command;
  exec(command: string | readonly string[], options?: ExecOptions): Command | Command<Buffer> {
    return exec(this.#link, command, options);
  }

  /**
   * Runs a PowerShell script: without profile, non-interactively, in UTF-8. An error in the script gives a non-zero
   * exit code.
   * @throws as `exec` does.
   */
  powershell(script: string, options: BufferPowerShellOptions): Command<Buffer>;
  powershell(script: string, options?: TextPowerShellOptions): Command;
  powershell(script: string, options?: PowerShellOptions): Command | Command<Buffer> {
    return powershell(this.#link, script, options);
  }

  /**
   * Opens the account's login shell in a pseudo-terminal, for interactive use; programs should use `exec`.
   *
   * @example
   * await using shell = await connection.shell({ rows: process.stdout.rows, columns: process.stdout.columns });
   * process.stdout.on('resize', () => shell.resize(process.stdout.rows, process.stdout.columns));
   *
   * @throws {ChannelOpenFailed} if the server refuses the terminal or the shell.
   * @throws {ChannelTimeout | ConnectionLost}
   */
  async shell(options?: ShellOptions): Promise<ShellSession> {
    const { openShell } = await import('./exec/shell/open-shell.ts');
    return openShell(this.#link, options);
  }

  /**
   * Starts a detached command that outlives this connection, with output and exit code kept in a job folder on the
   * server. The same `id` is never started twice: a second call returns the running or finished job.
   * @throws {JobConflict | JobAccessFailed | ConnectionLost} after `ConnectionLost`, call again with the same id.
   */
  startJob(
    command: string | readonly string[],
    options: StartJobOptions & { encoding: 'buffer' },
  ): Promise<RemoteJob<Buffer>>;
  startJob(
    command: string | readonly string[],
    options: StartJobOptions & { encoding?: Encoding | undefined },
  ): Promise<RemoteJob>;
  async startJob(
    command: string | readonly string[],
    options: StartJobOptions & { encoding?: Encoding | undefined },
  ): Promise<RemoteJob<never>> {
    const { startJob } = await import('./job/start-job.ts');
    return startJob(this.#jobHost, command, options) as Promise<RemoteJob<never>>;
  }

  /** The job with that id, without contacting the server: `job(id).status()` says whether it exists. */
  job(id: string, options: AttachJobOptions & { encoding: 'buffer' }): RemoteJob<Buffer>;
  job(id: string, options?: AttachJobOptions & { encoding?: Encoding | undefined }): RemoteJob;
  job(id: string, options?: AttachJobOptions & { encoding?: Encoding | undefined }): RemoteJob<never> {
    return attachJob(this.#jobHost, id, options) as RemoteJob<never>;
  }

  /** The jobs whose folders are on the server, oldest first. */
  async listJobs(options?: JobsOptions): Promise<JobSummary[]> {
    const { listJobs } = await import('./job/list-jobs.ts');
    return listJobs(this.#jobHost, options);
  }

  /** Removes the folders of jobs that ended at least `olderThan` milliseconds ago; resolves with their ids. */
  async removeJobs(options: RemoveJobsOptions): Promise<string[]> {
    const { removeJobs } = await import('./job/list-jobs.ts');
    return removeJobs(this.#jobHost, options);
  }

  /**
   * Uploads a file, a folder, bytes or a stream. If it is interrupted, the target is either the old file or the
   * complete new one.
   * @throws {TypeError | RangeError} for wrong arguments, before anything opens.
   * @throws {TransferFailed | TransferStalled | UnsafeRemotePath | ConnectionLost | ChannelOpenFailed}
   */
  async upload(
    source: string | Uint8Array | Readable,
    remotePath: string,
    options?: TransferOptions,
  ): Promise<TransferResult> {
    // A stream may fail before anybody reads it; who reads it then is told.
    if (source instanceof Readable) source.on('error', () => {});
    return this.#files.upload(source, remotePath, options);
  }

  /**
   * Downloads a file or a folder. Names from the server cannot lead out of the target folder.
   * @throws {UnsafeRemotePath} for such a name; nothing was written under it.
   * @throws as `upload` does.
   */
  async download(remotePath: string, localPath: string, options?: TransferOptions): Promise<TransferResult> {
    return this.#files.download(remotePath, localPath, options);
  }

  /**
   * Opens a client for single file operations: `stat`, `list`, `readFile`, `rename`, ... Close it when done.
   * @throws {ChannelOpenFailed} if the server does not offer SFTP.
   */
  async sftp(options?: SftpOptions): Promise<SftpClient> {
    return this.#files.client(options);
  }

  /**
   * Listens on this machine and connects to what the server can reach (`ssh -L`).
   * @throws {PortForwardFailed} if it cannot listen on that address.
   */
  async forwardLocal(options: LocalForwardOptions): Promise<Forwarding> {
    const { forwardLocal } = await import('./forward/index.ts');
    return forwardLocal(this.#link, options);
  }

  /**
   * A SOCKS proxy (5, 4, 4a) on this machine; the server makes its connections (`ssh -D`) and resolves host names. It requires
   * no authentication.
   *
   * @example
   * const proxy = await connection.forwardDynamic();
   * // curl --proxy socks5h://127.0.0.1:PORT http://intranet.customer.example/
   *
   * @throws {PortForwardFailed} if it cannot listen on that address.
   */
  async forwardDynamic(options?: DynamicForwardOptions): Promise<Forwarding> {
    const { forwardDynamic } = await import('./forward/index.ts');
    return forwardDynamic(this.#link, options);
  }

  /**
   * Listens on the server and connects to what this machine can reach (`ssh -R`).
   * @throws {PortForwardFailed} if the server refuses: a zombie session may hold the port.
   */
  async forwardRemote(options: RemoteForwardOptions): Promise<Forwarding> {
    const { forwardRemote } = await import('./forward/index.ts');
    return forwardRemote(this.#link, options);
  }

  /**
   * Opens a byte stream to a port or Unix socket that the server can reach (`ssh -W`).
   * @throws {ChannelOpenFailed} if the target refuses or the server forbids it.
   */
  openStream(host: string, port: number, options?: OpenOptions): Promise<Duplex>;
  openStream(target: ForwardTarget, options?: OpenOptions): Promise<Duplex>;
  async openStream(
    target: string | ForwardTarget,
    portOrOptions?: number | OpenOptions,
    options?: OpenOptions,
  ): Promise<Duplex> {
    const { openStream } = await import('./forward/index.ts');
    if (typeof target !== 'string')
      return openStream(this.#link, target, portOrOptions as OpenOptions | undefined);
    const named = { host: target, port: portOrOptions as number };
    return openStream(this.#link, named, options, 'arguments');
  }

  /**
   * Closes the connection: data already written is sent, pending operations reject. Idempotent; resolves when
   * everything is closed, jump hosts included. A server that does not answer is left after 2 s, and each jump host that
   * was silent with it 0.2 s later.
   */
  close(): Promise<void> {
    return this.#arrival.owned.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [inspect.custom](): string {
    const { host, port, hop } = this.#link.where;
    const state = this.#link.lost.error ? 'closed' : 'open';
    return `Connection { ${host}:${port}${hop ? ` (${hop})` : ''}, ${this.serverVersion}, ${state} }`;
  }

  get #files(): Files {
    this.#filesMade ??= new Files(this.#link, (command, signal) =>
      exec(withoutWaiting(this.#link), command, { reject: false, signal }),
    );
    return this.#filesMade;
  }

  get #jobHost(): JobHost {
    this.#jobHostMade ??= execHost(this.#link);
    return this.#jobHostMade;
  }

  #reason(): SshError | undefined {
    return this.#arrival.owned.closedByUs ? undefined : this.#link.lost.error;
  }
}
