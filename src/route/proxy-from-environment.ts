import { BlockList, isIP, isIPv6 } from 'node:net';
import { getProxyForUrl } from 'proxy-from-env';
import { saidOf } from '../check/wrong.ts';
import { httpProxy } from './http-proxy.ts';
import type { Route, RouteContext } from './route.ts';
import { socksProxy } from './socks-proxy.ts';
import { tcp } from './tcp.ts';

/**
 * The route set by environment variables, read at each attempt: the proxy of `HTTPS_PROXY`, else of `ALL_PROXY`
 * (lower-case names take precedence), unless `NO_PROXY` lists the host; without a proxy, plain TCP. The value is the
 * URL of an HTTP or SOCKS 5 proxy. `NO_PROXY` is a list of names (each with its subdomains), `*.domains`, `host:port`,
 * addresses and networks (`10.0.0.0/8`, `fd00::/8`); `*` means every host.
 *
 * This library does not read these variables unless you use this route.
 *
 * @throws {TypeError | RangeError} (when connecting) for a variable without such a URL.
 * @throws as `httpProxy` and `socksProxy` do.
 */
export function proxyFromEnvironment(): Route {
  return {
    kind: 'proxy-from-environment',
    open: async (context) => routeFor(context).open(context),
  };
}

function routeFor({ host, port }: RouteContext): Route {
  if (isListed(host) || isInListedDomain(host, port)) return tcp;
  // By convention there is no scheme for SSH; HTTPS is the one for tunnelled bytes.
  const url = getProxyForUrl(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`);
  if (url === '') return tcp;
  const proxy = isWrittenOut(url) ? url : url.replace(/^https:/, 'http:');
  return saidOf('HTTPS_PROXY or ALL_PROXY', 'url', () =>
    /^socks/i.test(proxy) ? socksProxy(proxy) : httpProxy(proxy),
  );
}

/** What curl, Go and Python support in NO_PROXY and `proxy-from-env` does not: networks, and IPv6 without brackets. */
function isListed(host: string): boolean {
  if (isIP(host) === 0) return false;
  const family = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');
  const list = new BlockList();
  for (const entry of noProxy()) {
    const [address = '', bits] = entry.replace(/^\[(.*)\]$/, '$1').split('/', 2);
    if (isIP(address) === 0 || address.includes('%')) continue;
    const most = isIPv6(address) ? 128 : 32;
    if (bits === undefined) list.addAddress(address, family(address));
    else if (/^\d{1,3}$/.test(bits) && Number(bits) <= most)
      list.addSubnet(address, Number(bits), family(address));
  }
  return list.check(host, family(host));
}

/**
 * A name includes its subdomains, as in curl, Go and Python but not in `proxy-from-env`; `*.name` means only the
 * subdomains. Case and a trailing dot do not matter.
 */
function isInListedDomain(host: string, port: number): boolean {
  if (isIP(host) !== 0) return false;
  const name = host.toLowerCase().replace(/\.$/, '');
  return noProxy().some((entry) => {
    const [, star = '', domain = '', only] =
      /^(\*?)\.?([^:*]+?)\.?(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (domain === '' || (only !== undefined && Number(only) !== port)) return false;
    return (star === '' && name === domain) || name.endsWith(`.${domain}`);
  });
}

function noProxy(): string[] {
  const { no_proxy, NO_PROXY } = process.env;
  return (no_proxy || NO_PROXY || '').split(/[,\s]+/);
}

/**
 * `proxy-from-env` gives a proxy without a scheme (`proxy.example.com:3128`) the target's; a plain HTTP proxy is meant.
 */
function isWrittenOut(proxy: string): boolean {
  const names = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'];
  return names.some((name) => process.env[name] === proxy);
}
