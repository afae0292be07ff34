import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ConnectOptions } from '../../src/options/types.ts';
import type { Route } from '../../src/route/route.ts';
import { algorithmNames } from '../../src/ssh2/handshake/algorithms.ts';

const run = promisify(execFile);

/** What `ssh -G` prints, by keyword. */
export type Effective = Map<string, string[]>;

export async function sshG(file: string, ...args: string[]): Promise<Effective> {
  const { stdout } = await run('ssh', ['-F', file, '-G', ...args]);
  const found: Effective = new Map();
  for (const line of stdout.trim().split('\n')) {
    const [keyword = '', ...words] = line.split(' ');
    found.set(keyword, [...(found.get(keyword) ?? []), words.join(' ')]);
  }
  return found;
}

/** The key files that `ssh` really opens for a host, as its debug log names them. */
export async function identityFilesOfSsh(file: string, host: string): Promise<string[]> {
  const args = ['-v', '-F', file, '-o', 'ProxyCommand=false', '-o', 'BatchMode=yes', host, 'true'];
  const log = await run('ssh', args).catch((error: { stderr: string }) => error);
  return [...log.stderr.matchAll(/^debug1: identity file (.*) type -?\d+$/gm)]
    .map(([, path]) => path!)
    .filter((path) => !path.endsWith('-cert'));
}

/** The part of our options that `ssh -G` has words for, in its words. */
export async function inWordsOfSsh(options: ConnectOptions) {
  const { hostKey, timeouts, retry, keepalive, algorithms } = options;
  const known = typeof hostKey === 'object' && 'knownHosts' in hostKey ? hostKey.knownHosts : undefined;
  const alias = typeof hostKey === 'object' && 'alias' in hostKey ? hostKey.alias : undefined;
  return {
    hostname: options.host,
    port: String(options.port ?? 22),
    user: options.username,
    connecttimeout: timeouts?.banner === undefined ? 'none' : String(timeouts.banner / 1_000),
    connectionattempts: String((retry === false ? 1 : retry?.attempts) ?? 1),
    serveraliveinterval: String(keepalive ? (keepalive.interval ?? 0) / 1_000 : 0),
    serveralivecountmax: keepalive ? String(keepalive.countMax ?? 3) : 'any',
    // A blank in a path is not to be told from one between paths.
    knownhosts: known && [known].flat().join(' '),
    hostkeyalias: alias,
    checking: hostKeyChecking(hostKey),
    ciphers: algorithms?.cipher,
    macs: algorithms?.hmac,
    kexalgorithms: algorithms?.kex,
    hostkeyalgorithms: algorithms?.serverHostKey,
    compression: algorithms?.compress ? 'yes' : 'no',
    jumps: (await jumpsOf(options)).map(({ host, port, username }) => `${username}@${host}:${port ?? 22}`),
  };
}

function hostKeyChecking(hostKey: ConnectOptions['hostKey']): string {
  if (hostKey === 'insecure-accept-any') return 'nothing';
  const onUnknown = typeof hostKey === 'object' && 'onUnknown' in hostKey ? hostKey.onUnknown : undefined;
  return onUnknown ?? 'reject';
}

/** The same of what `ssh -G` says. `ours` decides only what is compared: lists that were set. */
export async function wordsOfSsh(file: string, alias: string, set: Awaited<ReturnType<typeof inWordsOfSsh>>) {
  const found = await sshG(file, alias);
  const first = (keyword: string) => found.get(keyword)?.[0];
  const files = `${first('userknownhostsfile')} ${first('globalknownhostsfile')}`;
  return {
    ...Object.fromEntries(
      ['hostname', 'port', 'user', 'connecttimeout', 'connectionattempts', 'serveraliveinterval'].map((k) => [
        k,
        first(k),
      ]),
    ),
    serveralivecountmax: set.serveralivecountmax === 'any' ? 'any' : first('serveralivecountmax'),
    knownhosts: set.knownhosts && files.replace(/\bnone\b/g, '/dev/null'),
    hostkeyalias: first('hostkeyalias'),
    checking: checkingOf(first('stricthostkeychecking'), first('userknownhostsfile')),
    ciphers: set.ciphers && usable(first('ciphers'), 'cipher'),
    macs: set.macs && usable(first('macs'), 'hmac'),
    kexalgorithms: set.kexalgorithms && usable(first('kexalgorithms'), 'kex'),
    hostkeyalgorithms: set.hostkeyalgorithms && usable(first('hostkeyalgorithms'), 'serverHostKey'),
    compression: first('compression'),
    jumps: await jumpsOfSsh(file, found),
  };
}

function checkingOf(strict: string | undefined, files: string | undefined): string {
  if (strict === 'false') return files === '/dev/null' || files === 'none' ? 'nothing' : 'accept-new';
  return strict === 'accept-new' ? strict : 'reject';
}

function usable(list: string | undefined, category: Parameters<typeof algorithmNames>[0]): string[] {
  const { known } = algorithmNames(category);
  return (list ?? '').split(',').filter((name) => known.includes(name));
}

/** As ssh does it: each jump host by a call of ssh of its own, the last one with the others as `-J`. */
async function jumpsOfSsh(file: string, found: Effective): Promise<string[]> {
  const jumps = found.get('proxyjump')?.[0];
  if (jumps === undefined || jumps === 'none') return [];
  const hosts = jumps.split(',');
  const [, user, host, port] = /^(?:(.+)@)?\[?(.+?)\]?(?::(\d+))?$/.exec(hosts.pop()!)!;
  const args = [...(user ? ['-l', user] : []), ...(port ? ['-p', port] : [])];
  if (hosts.length > 0) args.push('-J', hosts.join(','));
  const jump = await sshG(file, ...args, host!);
  const name = `${jump.get('user')}@${jump.get('hostname')}:${jump.get('port')}`;
  return [...(await jumpsOfSsh(file, jump)), name];
}

/** Opens the route up to where it would connect, hop by hop; outermost first. */
export async function jumpsOf(options: ConnectOptions): Promise<ConnectOptions[]> {
  const { via } = options;
  if (via === undefined || typeof via === 'function' || via.kind !== 'jump-host') return [];
  const jump = await hopOptions(via, options);
  return [...(await jumpsOf(jump)), jump];
}

function hopOptions(route: Route, { host, port = 22, username }: ConnectOptions): Promise<ConnectOptions> {
  return new Promise((resolve) => {
    const context = {
      ...{ host, port, username, timeout: 1_000, log: () => {}, signal: new AbortController().signal },
      connect: async (hop: ConnectOptions) => {
        resolve(hop);
        throw new Error('far enough');
      },
    };
    route.open(context).catch(() => {});
  });
}
