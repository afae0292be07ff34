import { port, wrongValue } from '../args/values.ts';
import type { ReverseTunnelOptions } from '../library.ts';

type ForwardSpec = Pick<ReverseTunnelOptions, 'listenHost' | 'listenPort' | 'listenPath' | 'target'>;

const host = String.raw`(?:\[([^\]]+)\]|([^:[\]]+))`;
const tcpSpec = new RegExp(`^(?:(?:\\[([^\\]]+)\\]|([^:[\\]]*)):)?(\\d+):${host}:(\\d+)$`);
const pathSpec = new RegExp(`^(/[^:]*):${host}:(\\d+)$`);

/** `[HOST:]PORT:TARGET:PORT` or `/PATH:TARGET:PORT`, as for `ssh -R`. */
export function parseForward(text: string, source = '--forward'): ForwardSpec {
  const targetPortOf = (digits: string) => port(digits, `${source}: the port of the target`);
  const [, path, pathTarget6, pathTarget, pathPort] = pathSpec.exec(text) ?? [];
  if (path !== undefined && pathPort !== undefined) {
    return { listenPath: path, target: { host: (pathTarget6 ?? pathTarget)!, port: targetPortOf(pathPort) } };
  }
  const [, listen6, listen, listenPort, target6, target, targetPort] = tcpSpec.exec(text) ?? [];
  if (listenPort === undefined || targetPort === undefined) {
    throw wrongValue(source, text, '[HOST:]PORT:TARGET:PORT as for ssh -R, like 9012:127.0.0.1:22,');
  }
  const listenHost = listen6 ?? listen;
  return {
    listenPort: port(listenPort, `${source}: the port of the gateway`),
    // As in ssh, `:9012:...` and `*:9012:...` mean every address.
    ...(listenHost === undefined ? {} : { listenHost: /^\*?$/.test(listenHost) ? '0.0.0.0' : listenHost }),
    target: { host: (target6 ?? target)!, port: targetPortOf(targetPort) },
  };
}
