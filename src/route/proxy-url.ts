import { inspect } from 'node:util';
import { quoted } from '../text/printable.ts';

/** Where a proxy is, and as whom to log in there. */
export interface ProxyAddress {
  /** Without the colon: `http`, `https`, `socks5`. */
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  readonly login: { readonly username: string; readonly password: string } | undefined;
  /** The URL without the login: what messages may show. */
  readonly shown: string;
}

const usualPorts: Readonly<Record<string, number>> = { http: 80, https: 443 };
const socksPort = 1080;

/**
 * @param call The function that was given the URL, for messages.
 * @throws {TypeError | RangeError} that shows the URL without its user name and password.
 */
export function parseProxyUrl(call: string, given: unknown, schemes: readonly string[]): ProxyAddress {
  const right = `a URL such as ${schemes[0]}://proxy.example.com:${usualPorts[schemes[0]!] ? 3128 : socksPort} would be right`;
  if (typeof given !== 'string' && !(given instanceof URL)) {
    throw new TypeError(`${call}: ${inspect(given, { depth: 0 })} given; ${right}`);
  }
  const url = URL.canParse(String(given)) ? new URL(String(given)) : undefined;
  // What cannot be parsed may hold a password anywhere.
  if (url === undefined || url.hostname === '') throw new RangeError(`${call}: that is not a URL; ${right}`);
  const scheme = url.protocol.slice(0, -1);
  if (!schemes.includes(scheme)) {
    throw new RangeError(`${call}: ${quoted(`${scheme}://`)} given; ${right}`);
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? (usualPorts[scheme] ?? socksPort) : Number(url.port);
  const shown = `${scheme}://${url.hostname}:${port}`;
  return { scheme, host, port, login: loginOf(call, url), shown };
}

function loginOf(call: string, { username, password }: URL): ProxyAddress['login'] {
  if (username === '' && password === '') return undefined;
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw new RangeError(
      `${call}: the user name or password of the URL has a % that is no escape; write it as %25`,
    );
  }
}
