import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { commands } from '../../src/cli/commands/index.ts';
import { resolveConnectOptions } from '../../src/options/resolve.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { run } from './run.ts';

/** The options of each connection that a command wanted to open. */
const wanted: ConnectOptions[] = [];

vi.mock('../../src/connect-via-gateway.ts', () => ({
  connectViaGateway: async (options: ConnectOptions) => {
    wanted.push(options);
    throw new Error('no connection in this test');
  },
}));
vi.mock('../../src/reverse-tunnel.ts', () => ({
  keepReverseTunnel: ({ gateway }: { gateway: ConnectOptions }) => {
    wanted.push(gateway);
    return { closed: Promise.resolve(undefined) };
  },
}));

beforeEach(() => {
  wanted.length = 0;
});

/** What each command that connects needs beside the options that are common to all. */
const calls: Record<string, string[]> = {
  doctor: ['127.0.0.1'],
  exec: ['127.0.0.1', 'hostname'],
  shell: ['127.0.0.1'],
  put: ['127.0.0.1', 'package.json', '/tmp/x'],
  get: ['127.0.0.1', '/tmp/x', 'x'],
  ls: ['127.0.0.1', '/tmp'],
  mkdir: ['127.0.0.1', '/tmp/x'],
  'job start': ['--id', 'x', '127.0.0.1', 'hostname'],
  'job status': ['127.0.0.1', 'x'],
  'job logs': ['127.0.0.1', 'x'],
  'job kill': ['127.0.0.1', 'x'],
  'job remove': ['127.0.0.1', 'x'],
  tunnel: ['--lock', 'none', '-R', '9012:127.0.0.1:22', '127.0.0.1'],
  tunnels: ['127.0.0.1'],
  'setup gateway': ['127.0.0.1'],
};

/** These need more than a connection to begin, and connect as another does. */
const alike: Record<string, string> = {
  'tunnel install': 'tunnel',
  'setup customer': 'setup gateway',
  'setup remove': 'setup gateway',
};

const inSeconds = (ms: number) => (ms === Number.POSITIVE_INFINITY ? 'none' : `${ms / 1_000}s`);

function usedBy(options: ConnectOptions): Record<string, string> {
  const { timeouts, keepalive, retry, port } = resolveConnectOptions(options);
  const limits = Object.entries(timeouts).map(([name, ms]) => [`${name}-timeout`, inSeconds(ms)]);
  return {
    ...Object.fromEntries(limits),
    keepalive: keepalive ? inSeconds(keepalive.interval) : 'none',
    attempts: `${retry.attempts}, about five minutes`,
    'quiet-after-zombie': inSeconds(retry.quiet),
    port: String(port),
  };
}

/** Every default that a help page prints, by option. */
async function shownBy(name: string): Promise<Record<string, string>> {
  const page = (await run([...name.split(' '), '--help'])).stdout.toString();
  const rest = page.slice(page.search(/^(?:Options|Connection):/m)).replace(/\n {30,}/g, ' ');
  return Object.fromEntries(
    [...rest.matchAll(/--([\w-]+).*\. Default: (.*)$/gm)].map(([, option = '', text = '']) => [option, text]),
  );
}

const connecting = commands.filter(({ connects }) => connects).map(({ name }) => name);

describe('the defaults of a connection that a help page shows are those that the command uses', () => {
  test.each(connecting)('%s', async (name) => {
    const other = alike[name];
    if (other !== undefined) {
      const [own, others] = [await shownBy(name), await shownBy(other)];
      for (const option of Object.keys(own).filter((one) => /timeout|keepalive/.test(one)))
        expect([option, own[option]]).toEqual([option, others[option]]);
      return;
    }
    const shown = await shownBy(name);
    // A shell wants a terminal.
    const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
    const { stderr } = await run([...name.split(' '), '-F', 'none', '-l', 'rpa', ...calls[name]!], { input });
    expect(wanted, stderr).toHaveLength(1);
    const used = usedBy(wanted[0]!);
    const common = Object.keys(used).filter((option) => option in shown);
    expect(common.length).toBeGreaterThanOrEqual(7);
    for (const option of common) expect([option, shown[option]]).toEqual([option, used[option]]);
  });
});

test('no sentence of the help has a default in it: each is a field, which the code that uses it can share', () => {
  const all = commands.flatMap(({ name, options }) => options.map((option) => [name, option] as const));
  const inSentence = all.filter(([, { help }]) => /\bdefault/i.test(help));
  expect(inSentence.map(([name, option]) => `${name} --${option.name}`)).toEqual([]);
  expect(all.filter(([, option]) => option.default !== undefined).length).toBeGreaterThan(20);
});
