import type { ServerChannel } from 'ssh2';
import { echoShell } from '../commands/echo-shell.ts';
import type { MockPty, ShellContext } from '../types.ts';
import type { ServerConnection } from '../wire/connection.ts';
import { type MockExecRequest, MockRunningCommand } from './exec.ts';

/** A login shell that runs on a channel. */
export class MockRunningShell extends MockRunningCommand implements ShellContext {
  readonly #resizeListeners: ((pty: MockPty) => void)[] = [];
  readonly #prompt: string;

  constructor(owner: ServerConnection, channel: ServerChannel, request: Omit<MockExecRequest, 'command'>) {
    super(owner, channel, { ...request, command: '' });
    this.#prompt = owner.settings.windows ? 'C:\\>' : '$ ';
    this.onResize = this.onResize.bind(this);
  }

  onResize(listener: (pty: MockPty) => void): void {
    this.#resizeListeners.push(listener);
  }

  /** The client's terminal has been resized. */
  resize(rows: number, cols: number): void {
    if (!this.pty) return;
    Object.assign(this.pty, { rows, cols });
    for (const listener of this.#resizeListeners) listener({ ...this.pty });
  }

  override fallback(): void {
    echoShell(this, this.#prompt);
  }
}

/** Runs a shell as the server's options and faults say. */
export function runShell(
  owner: ServerConnection,
  channel: ServerChannel,
  request: Omit<MockExecRequest, 'command'>,
): MockRunningShell {
  const shell = new MockRunningShell(owner, channel, request);
  const { hang, closeEarly } = owner.faults.exec ?? {};
  const { shell: handler } = owner.settings.options;
  if (hang) channel.resume();
  else if (closeEarly) shell.close();
  else if (handler) void handle(shell, handler);
  else shell.fallback();
  return shell;
}

async function handle(shell: MockRunningShell, handler: (context: ShellContext) => unknown): Promise<void> {
  try {
    await handler(shell);
  } catch (error) {
    shell.stdout.write(`mock shell failed: ${error instanceof Error ? error.message : error}\r\n`);
    shell.exit(255);
  }
}
