import { httpProxyServer, socksProxyServer } from '../../support/proxies.ts';
import { at, loginAt, type Situation } from './situation.ts';

const way = { step: 'tcp', exitCode: 11 } as const;

const proxied =
  (open: () => Promise<{ port: number } & AsyncDisposable>, scheme = 'http'): Situation['open'] =>
  async (stage) => {
    const proxy = await open();
    stage.onEnd(() => proxy[Symbol.asyncDispose]());
    return [
      '--proxy',
      `${scheme}://127.0.0.1:${proxy.port}`,
      ...(await loginAt(stage, await stage.server())),
    ];
  };
const socks = (status: number) => proxied(() => socksProxyServer({ status }), 'socks5');

export const proxies: Situation[] = [
  {
    what: 'a proxy that is down',
    ...way,
    kind: 'proxyDown',
    todo: /not been contacted yet/,
    open: async (stage) => ['--proxy', `http://127.0.0.1:${await stage.closedPort()}`, 'rpa@gw:9012'],
  },
  {
    what: 'a proxy that wants a login',
    ...way,
    kind: 'proxyWantsLogin',
    todo: /SSH_VIA_GATEWAY_PROXY/,
    open: proxied(() => httpProxyServer({ login: 'kim:secret' })),
  },
  {
    what: 'a proxy that forbids the port',
    ...way,
    kind: 'proxyForbids',
    todo: /administrator/,
    open: proxied(() => httpProxyServer({ status: 403 })),
  },
  {
    what: 'a proxy that cannot reach the gateway',
    ...way,
    kind: 'proxyCannotReach',
    todo: /where the proxy stands/,
    open: proxied(() => httpProxyServer({ status: 503 })),
  },
  {
    what: 'tinyproxy, which cannot reach the gateway',
    ...way,
    kind: 'proxyCannotReach',
    todo: /where the proxy stands/,
    open: async (stage) => [
      '--proxy',
      `http://127.0.0.1:${await stage.port('HTTP/1.1 500 Unable to connect\r\n\r\n')}`,
      'rpa@gw:9012',
    ],
  },
  {
    what: 'a proxy that is none',
    ...way,
    kind: 'proxyStrange',
    todo: /--proxy/,
    open: async (stage) => [
      '--proxy',
      `http://127.0.0.1:${await stage.port('SSH-2.0-x\r\n')}`,
      'rpa@gw:9012',
    ],
  },
  {
    what: 'a SOCKS proxy whose rules forbid it',
    ...way,
    kind: 'proxyForbids',
    todo: /administrator/,
    open: socks(2),
  },
  {
    what: 'a SOCKS proxy that cannot reach the host',
    ...way,
    kind: 'proxyCannotReach',
    todo: /where the proxy stands/,
    open: socks(4),
  },
  {
    what: 'a SOCKS proxy that says refused',
    ...way,
    kind: 'noTunnel',
    todo: /look at the PC/,
    open: socks(5),
  },
  {
    what: 'a proxy that leads there',
    step: 'tcp',
    verdict: 'ok',
    exitCode: 0,
    open: proxied(() => httpProxyServer()),
  },
  {
    what: 'a proxy command that is not there',
    ...way,
    kind: 'proxyCommandMissing',
    todo: /full path/,
    open: at({}, '--proxy-command', '/none/such %h'),
  },
  {
    what: 'a proxy command that fails',
    ...way,
    kind: 'proxyCommandFailed',
    todo: /by hand/,
    open: at({}, '--proxy-command', `${process.execPath} -e process.exit(3)`),
  },
  {
    what: 'a server of its own whose port refuses',
    ...way,
    kind: 'noSshd',
    todo: /systemctl start ssh/,
    open: async (stage) => {
      const proxy = await socksProxyServer({ status: 5 });
      stage.onEnd(() => proxy[Symbol.asyncDispose]());
      return ['--proxy', `socks5://127.0.0.1:${proxy.port}`, 'rpa@pc.example.com:22'];
    },
  },
];
