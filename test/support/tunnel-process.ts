import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import type { ReverseTunnelOptions, TunnelEvent } from '../../src/tunnel/types.ts';

/** An event as it comes out of the PC's process: errors have become records. */
export type ReportedEvent = TunnelEvent & { error?: { code?: string; message?: string } };

/** The PC's side of a tunnel, in a process of its own inside a network namespace. */
export interface TunnelProcess extends AsyncDisposable {
  readonly pid: number;
  readonly events: readonly ReportedEvent[];
  /** Resolves with the first event of this type that comes after the call (or after `from` events). */
  next(type: TunnelEvent['type'], options?: { from?: number; timeout?: number }): Promise<ReportedEvent>;
  /** SIGSTOP: its connections stay and say nothing more. */
  freeze(): void;
  thaw(): void;
  /** SIGKILL: the PC's process is gone, its kernel is not. */
  kill(): Promise<void>;
  /** Closes the tunnel in good order. */
  close(): Promise<void>;
}

const program = `
import { connectViaGateway } from ${JSON.stringify(new URL('../../src/connect-via-gateway.ts', import.meta.url).pathname)};
import { startReverseTunnel } from ${JSON.stringify(new URL('../../src/tunnel/keep/reverse-tunnel.ts', import.meta.url).pathname)};
const options = JSON.parse(process.env.TUNNEL_OPTIONS);
if (options.checkInterval === null) options.checkInterval = Infinity;
const tunnel = startReverseTunnel(connectViaGateway, {
  ...options,
  onEvent: (event) => console.log(JSON.stringify(event, (key, value) =>
    value instanceof Error ? { code: value.code, message: value.message, reason: value.reason } : value)),
});
process.stdin.on('end', () => tunnel.close()).resume();
`;

export async function startTunnelProcess(
  namespace: string,
  options: Omit<ReverseTunnelOptions, 'onEvent' | 'signal'>,
  machine?: string,
): Promise<TunnelProcess> {
  const cache = new URL('../../node_modules/.cache/', import.meta.url).pathname;
  await mkdir(cache, { recursive: true });
  const stdin = { contents: program, resolveDir: cache, loader: 'ts' } as const;
  const bundled = await build({
    ...{ stdin, bundle: true, platform: 'node', format: 'esm', packages: 'external', write: false },
  });
  // Below node_modules, where the packages that it imports are found.
  const folder = await mkdtemp(join(cache, 'tunnel-'));
  const file = join(folder, 'tunnel.mjs');
  await writeFile(file, bundled.outputFiles[0]!.contents);
  const named = ['unshare', '--uts', 'sh', '-c', 'hostname "$1"; shift; exec "$@"', 'sh', machine ?? ''];
  const line = [...(machine === undefined ? [] : named), process.execPath, file];
  const child = spawn('ip', ['netns', 'exec', namespace, ...line], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TUNNEL_OPTIONS: JSON.stringify(options) },
  });
  const exited = once(child, 'exit');
  const events: ReportedEvent[] = [];
  const waiting = new Set<() => void>();
  createInterface(child.stdout).on('line', (line) => {
    events.push(JSON.parse(line));
    for (const look of waiting) look();
  });
  const end = async (how: () => void) => {
    how();
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  const next: TunnelProcess['next'] = (type, { from = events.length, timeout = 60_000 } = {}) =>
    new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        waiting.delete(look);
        clearTimeout(timer);
        act();
      };
      const timer = setTimeout(() => {
        settle(() => reject(new Error(`No event ${type} within ${timeout} ms:\n${summary(events)}`)));
      }, timeout);
      const look = () => {
        const found = events.slice(from).find((event) => event.type === type);
        if (found) settle(() => resolve(found));
      };
      waiting.add(look);
      look();
    });
  const close = () =>
    end(() => {
      child.kill('SIGCONT');
      child.stdin.end();
    });
  return {
    pid: child.pid!,
    events,
    next,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    kill: () => end(() => child.kill('SIGKILL')),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function summary(events: readonly ReportedEvent[]): string {
  const line = ({ type, at, error, ...rest }: ReportedEvent) =>
    `${at} ${type} ${error?.message ?? ''} ${JSON.stringify(rest)}`;
  return [...events.slice(0, 12), ...events.slice(12).slice(-6)].map(line).join('\n');
}
