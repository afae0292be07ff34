import { createHmac } from 'node:crypto';

/** A host key of the generated cases: its public line, and the certificate that an authority gave it. */
export interface CaseKey {
  readonly type: string;
  /** `ssh-ed25519 AAAA…` */
  readonly text: string;
}

/** One look-up: known_hosts files and the server that is met. */
export interface KnownHostsCase {
  readonly host: string;
  readonly port: number;
  readonly alias?: string;
  /** Index of the key that the server shows. */
  readonly shown: number;
  readonly files: readonly string[];
}

/** Random choices that are the same for the same seed (mulberry32). */
export class Choices {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 up to, not including, 1. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

const HOSTS = [
  'pc-7.example.com',
  'gw.example.com',
  'Gateway.Example.NET',
  '10.20.30.40',
  '2001:db8::7',
  '2001:DB8:0:0::7',
  '::FFFF:10.20.30.40',
  'fe80:0:0:0:1::0',
  'a',
];
const PORTS = [22, 22, 2222, 2222, 20_022, 220];
const ALIASES = ['customer-a', 'Customer-B.alias', 'pc-7.example.com'];

/** Makes cases in which most lines are about the host that is looked up, and some are not. */
export class CaseMaker {
  readonly #pick: Choices;
  readonly #keys: readonly CaseKey[];
  readonly #recordOnly: readonly CaseKey[];

  /** @param recordOnly keys that stand in files but are never shown by a server, such as certificates. */
  constructor(seed: number, keys: readonly CaseKey[], recordOnly: readonly CaseKey[]) {
    this.#pick = new Choices(seed);
    this.#keys = keys;
    this.#recordOnly = recordOnly;
  }

  next(): KnownHostsCase {
    const pick = this.#pick;
    const host = pick.of(HOSTS);
    const port = pick.of(PORTS);
    const alias = pick.chance(0.12) ? { alias: pick.of(ALIASES) } : {};
    const shown = pick.below(this.#keys.length);
    const names = namesOf(host, port, alias.alias);
    const files = Array.from({ length: pick.chance(0.2) ? 2 : 1 }, () => this.#file(names, shown));
    return { host, port, ...alias, shown, files };
  }

  #file(names: readonly string[], shown: number): string {
    const pick = this.#pick;
    const lines = Array.from({ length: pick.below(7) }, () => this.#line(names, shown));
    const end = pick.chance(0.15) ? '\r\n' : '\n';
    const last = lines.at(-1);
    // ssh 9.2 reads behind the end of a last line that has no blank and no newline, so such a line gets one.
    const unfinished = last !== undefined && /[^ ] [^ ]/.test(last) && pick.chance(0.15);
    return lines.join(end) + (unfinished || lines.length === 0 ? '' : end);
  }

  #line(names: readonly string[], shown: number): string {
    const pick = this.#pick;
    if (pick.chance(0.06)) return pick.of(['', '   ', '\t', '# a comment', '  # another', '#', '\r']);
    const blanks = () => pick.of([' ', ' ', ' ', '\t', '  ', ' \t ']);
    const hosts = this.#hosts(names);
    const key = this.#key(shown);
    const comment = pick.chance(0.3)
      ? pick.of([' me@there', '\tKunde Müller', ' # not a comment', '  '])
      : '';
    const line = `${pick.chance(0.1) ? blanks() : ''}${this.#marker()}${hosts}${blanks()}${key.replace(' ', blanks())}${comment}`;
    return pick.chance(0.15) ? this.#spoil(line, hosts, key) : line;
  }

  #key(shown: number): string {
    const pick = this.#pick;
    if (pick.chance(0.35)) return this.#keys[shown]!.text;
    return pick.chance(0.12) ? pick.of(this.#recordOnly).text : pick.of(this.#keys).text;
  }

  #marker(): string {
    const pick = this.#pick;
    if (pick.chance(0.7)) return '';
    return pick.of(['@revoked ', '@revoked  ', '@cert-authority ', '@cert-authority \t', '@revoked\t']);
  }

  #hosts(names: readonly string[]): string {
    const pick = this.#pick;
    const name = pick.of(names);
    if (pick.chance(0.25)) return this.#hashed(name);
    const length = pick.chance(0.5) ? 1 : 1 + pick.below(4);
    return Array.from({ length }, () => this.#pattern(pick.of(names))).join(',');
  }

  #pattern(name: string): string {
    const pick = this.#pick;
    const negation = pick.chance(0.12) ? '!' : '';
    if (pick.chance(0.5)) return negation + name;
    const at = pick.below(name.length + 1);
    const wild = [
      '*',
      '?',
      '**',
      `*${name.slice(at)}`,
      `${name.slice(0, at)}*`,
      `${name.slice(0, at)}?${name.slice(at + 1)}`,
      `${name.slice(0, at)}*${name.slice(at)}`,
      `${name.slice(0, at)}?${name.slice(at)}`,
      name.toUpperCase(),
      name.replace(/[a-z]/g, '?'),
      name.replace(/[0-9]+/g, '*'),
      '',
      `!${name}`,
      'other.example.org',
      '[*]:*',
      '*:2222',
      `${'x'.repeat(1021 + pick.below(4))}`,
    ];
    return negation + pick.of(wild);
  }

  #hashed(name: string): string {
    const pick = this.#pick;
    const salt = Buffer.from(Array.from({ length: pick.chance(0.05) ? 19 : 20 }, () => pick.below(256)));
    const hash = createHmac('sha1', salt).update(name).digest('base64');
    const hashed = `|1|${salt.toString('base64')}|${hash}`;
    if (pick.chance(0.85)) return hashed;
    return pick.of([
      `${hashed},other`,
      hashed.replace('=', ''),
      hashed.slice(0, -2),
      `|2${hashed.slice(2)}`,
      '|1|',
      '|',
    ]);
  }

  /** Makes a line that is wrong in one place, or looks wrong and is not. */
  #spoil(line: string, hosts: string, key: string): string {
    const pick = this.#pick;
    const [type = '', base64 = ''] = key.split(' ');
    const at = 20 + pick.below(base64.length - 20);
    // The signature of a damaged certificate is the one thing that ssh checks and we do not, see readPublicKey.
    const other = type.includes('-cert-') ? '' : pick.of(['A', '+', '-', '=', '*', 'z']);
    const flipped = base64.slice(0, at) + other + base64.slice(at + 1);
    return pick.of([
      `${hosts} `,
      `${hosts} ${type}`,
      `${hosts} ${type} `,
      `${hosts} ${type} ${flipped}`,
      `${hosts} ${type} ${flipped}`,
      `${hosts} ${type} ${base64.slice(0, at)}`,
      `${hosts} ${type} ${base64.replace(/=+$/, '')}`,
      `${hosts} ${type} ${base64.replace(/=*$/, 'AAAA')}`,
      `${hosts} ${type} ${base64.replace(/=*$/, '====')}`,
      `${hosts} ssh-rsa ${base64}`,
      `${hosts} rsa-sha2-512 ${base64}`,
      `${hosts} ssh-ed25519 ${base64}`,
      `${hosts} ${type.toUpperCase()} ${base64}`,
      `${hosts} unknown-type ${base64}`,
      `${hosts} 1024 35 12345678901234567890`,
      `${hosts} # ${key}`,
      `${hosts} ${type}\r ${base64}`,
      `${hosts} ${type} ${base64.slice(0, at)}\r${base64.slice(at)}`,
      `@revoke ${hosts} ${key}`,
      `@REVOKED ${hosts} ${key}`,
      `@revoked @revoked ${hosts} ${key}`,
      `@revoked @cert-authority ${hosts} ${key}`,
      `@revoked ,${hosts}, ${key}`,
      `@revoked,${hosts} ${key}`,
      `@ ${hosts} ${key}`,
      `@revoked\t${hosts}\t${key.replace(' ', '\t')}`,
      ` ${line.trimStart()}`,
      `ssh-dss,${hosts} ${key}`,
      `"${hosts}" ${key}`,
    ]);
  }
}

/** The names under which lines are written: the right one, those one could confuse it with, and foreign ones. */
function namesOf(host: string, port: number, alias?: string): readonly string[] {
  const canonical = CANONICAL.get(host) ?? host.toLowerCase();
  const names = [
    canonical,
    `[${canonical}]:${port}`,
    `[${canonical}]:22`,
    `[${canonical}]:2222`,
    host,
    'b.example.com',
  ];
  const right = alias?.toLowerCase() ?? (port === 22 ? canonical : `[${canonical}]:${port}`);
  return [
    right,
    right,
    right,
    right,
    ...names,
    ...(alias === undefined ? [] : [alias, `[${alias}]:${port}`]),
  ];
}

const CANONICAL = new Map([
  ['2001:DB8:0:0::7', '2001:db8::7'],
  ['::FFFF:10.20.30.40', '::ffff:10.20.30.40'],
  ['fe80:0:0:0:1::0', 'fe80::1:0:0:0'],
]);
