import { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { ServerChannel } from 'ssh2';
import { loadIconv } from '../../load/on-demand.ts';
import { onAbort } from '../../time/on-abort.ts';
import { chooseHandler } from '../commands/choose-handler.ts';
import { defaultCommand } from '../commands/default-commands.ts';
import { runHandler } from '../commands/run-handler.ts';
import { journalOf, mayBeJobScript, readJobScript } from '../jobs/script.ts';
import type { ExecContext, MockCommand, MockPty } from '../types.ts';
import type { ServerConnection } from '../wire/connection.ts';
import { ignoreWindow } from '../wire/ssh2-internals.ts';

/** What the client requested along with the command. */
export interface MockExecRequest {
  command: string;
  env: Record<string, string>;
  pty: MockPty | undefined;
}

/** A command that runs on a channel. */
export class MockRunningCommand implements ExecContext {
  readonly command: string;
  readonly username: string;
  readonly connection: number;
  readonly env: Record<string, string>;
  readonly pty: MockPty | undefined;
  readonly #channel: ServerChannel;
  readonly #owner: ServerConnection;
  readonly #signals = new EventEmitter();
  readonly #ended = new AbortController();
  #hasEnded = false;

  constructor(owner: ServerConnection, channel: ServerChannel, request: MockExecRequest) {
    this.#owner = owner;
    this.#channel = channel;
    this.command = request.command;
    this.env = request.env;
    this.pty = request.pty;
    this.username = owner.username;
    this.connection = owner.id;
    const forget = owner.onEnd(() => this.#ended.abort());
    onAbort(this.#ended.signal, forget);
    channel.once('close', () => this.#ended.abort());
    // A loop over stdin must not cut off output that is still to come.
    channel[Symbol.asyncIterator] = () => channel.iterator({ destroyOnReturn: false });
    this.exit = this.exit.bind(this);
    this.kill = this.kill.bind(this);
    this.close = this.close.bind(this);
    this.fallback = this.fallback.bind(this);
    this.onSignal = this.onSignal.bind(this);
  }

  get stdin(): Readable {
    return this.#channel;
  }

  get stdout(): Writable {
    return this.#channel;
  }

  get stderr(): Writable {
    return this.#channel.stderr;
  }

  get closed(): AbortSignal {
    return this.#ended.signal;
  }

  onSignal(listener: (signal: string) => void): void {
    this.#signals.on('signal', listener);
  }

  /** A signal from the client arrived. */
  receiveSignal(signal: string): void {
    this.#owner.note({ type: 'signal', signal });
    if (!this.#owner.settings.windows) this.#signals.emit('signal', signal);
  }

  /** The client has closed the channel. Unread input would hide that from ssh2's stream. */
  channelIsClosed(): void {
    this.#ended.abort();
    this.#channel.resume();
  }

  exit(code: number): void {
    this.#end(code, undefined, () => this.#channel.exit(code));
  }

  kill(
    signal: string,
    { coreDumped = false, message = '' }: { coreDumped?: boolean; message?: string } = {},
  ): void {
    this.#end(undefined, signal, () => this.#channel.exit(signal, coreDumped, message));
  }

  close(): void {
    this.#end(undefined, undefined, () => {});
  }

  fallback(): void {
    this.play(defaultCommand(this));
  }

  /** Performs a command that is given as data. */
  play(command: MockCommand): void {
    const { delayMs = 0 } = command;
    if (!delayMs) return this.#finish(command);
    const timer = this.#owner.later(delayMs, () => this.#finish(command));
    onAbort(this.closed, () => this.#owner.cancel(timer));
    this.onSignal((signal) => {
      this.#owner.cancel(timer);
      this.kill(signal);
    });
  }

  #finish(command: MockCommand): void {
    const { exitBeforeData } = this.#owner.faults.exec ?? {};
    if (exitBeforeData) this.#owner.whileAlive(() => this.#channel.exit(command.exitCode ?? 0));
    if (command.stdout !== undefined) this.stdout.write(this.#encode(command.stdout));
    if (command.stderr !== undefined) this.stderr.write(this.#encode(command.stderr));
    const end = () => {
      if (command.signal) this.kill(command.signal);
      else if (exitBeforeData) this.close();
      else this.exit(command.exitCode ?? 0);
    };
    if (!command.echoStdin) return end();
    this.#channel.on('data', (chunk: Buffer) => {
      if (!this.#hasEnded && !this.#channel.write(chunk)) this.#channel.pause();
    });
    this.#channel.on('drain', () => this.#channel.resume());
    this.#channel.once('end', end);
    this.onSignal((signal) => this.kill(signal));
  }

  #encode(text: string | Buffer): Buffer {
    if (Buffer.isBuffer(text)) return text;
    const codePage = this.#owner.settings.windows?.codePage ?? 65001;
    return codePage === 65001 ? Buffer.from(text) : loadIconv().encode(text, `cp${codePage}`);
  }

  /** After all output, reports how the command ended and closes its channel. */
  #end(exitCode: number | undefined, signal: string | undefined, tell: () => void): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#owner.note({ type: 'exit', command: this.command, exitCode, signal });
    const isSilent = this.#owner.faults.exec?.noExitStatus;
    // Unread input would keep the channel from closing.
    this.#channel.resume();
    afterWrites(this.#channel, () =>
      this.#owner.whileAlive(() => {
        if (!isSilent) tell();
        this.#channel.end();
      }),
    );
  }
}

/** Runs a command as the server's options and faults say. */
export function runCommand(
  owner: ServerConnection,
  channel: ServerChannel,
  request: MockExecRequest,
): MockRunningCommand {
  const running = new MockRunningCommand(owner, channel, request);
  const faults = owner.faults.exec ?? {};
  if (owner.faults.window === 'exceeded') ignoreWindow(channel);
  if (faults.hang) channel.resume();
  else if (faults.closeEarly) running.close();
  else if (faults.unlimitedOutput) pourWithoutEnd(running);
  else void perform(running, owner);
  return running;
}

/** Job scripts are handled by the server itself; any other command does what the options say. */
async function perform(running: MockRunningCommand, owner: ServerConnection): Promise<void> {
  const { jobs, options } = owner.settings;
  if (jobs && mayBeJobScript(running.command)) {
    const script = await readJobScript(running.command, running.stdin);
    if (script) {
      owner.note(journalOf(script));
      return running.play(await jobs.answer(script, running, owner.faults.job));
    }
  }
  await runHandler(running, chooseHandler(options, running.command), (command) => running.play(command));
}

function pourWithoutEnd(running: MockRunningCommand): void {
  const chunk = Buffer.alloc(32 << 10, 'y\n');
  running.stdin.resume();
  const pour = () => {
    // One chunk per turn: a sender that ignores the window would otherwise block the event loop.
    if (running.closed.aborted || !running.stdout.writable) return;
    running.stdout.write(chunk, () => setImmediate(pour));
  };
  running.onSignal((signal) => running.kill(signal));
  pour();
}

/** Calls `then` when everything written to both outputs has been sent. */
function afterWrites(channel: ServerChannel, then: () => void): void {
  const waitFor = (stream: Writable, next: () => void) => {
    if (stream.writable) stream.write(Buffer.alloc(0), () => next());
    else next();
  };
  waitFor(channel, () => waitFor(channel.stderr, then));
}
