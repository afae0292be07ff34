import { checkText } from '../check/values.ts';
import { wrongAs, wrongRange } from '../check/wrong.ts';

/** Where a proxy is, and how to log in to it. */
export interface ProxyAddress {
  /** Without the colon: `http`, `https`, `socks5`. */
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  readonly login: { readonly username: string; readonly password: string } | undefined;
  /** The URL without the login, for messages. */
  readonly shown: string;
}

const usualPorts: Readonly<Record<string, number>> = { http: 80, https: 443 };
const socksPort = 1080;

/** @throws {TypeError | RangeError} that shows nothing of the URL but its scheme: the rest may contain a password. */
export function parseProxyUrl(name: string, given: unknown, schemes: readonly string[]): ProxyAddress {
  const right = `a URL such as ${schemes[0]}://proxy.example.com:${usualPorts[schemes[0]!] ? 3128 : socksPort}`;
  const text = given instanceof URL ? given.href : given;
  checkText(name, text, right);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '') throw wrongAs(name, 'something that is not a URL', right);
  const scheme = url.protocol.slice(0, -1);
  if (!schemes.includes(scheme)) throw wrongRange(name, `${scheme}://`, right);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (usualPorts[scheme] ?? socksPort) : Number(url.port);
  const shown = `${scheme}://${url.hostname}:${port}`;
  return { scheme, host, port, login: loginOf(name, url), shown };
}

function loginOf(name: string, { username, password }: URL): ProxyAddress['login'] {
  if (username === '' && password === '') return undefined;
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw wrongAs(name, 'a user name or password with a % that is not an escape', '%25 for it');
  }
}
