import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ip = (...args: string[]) => run('ip', args);

/**
 * Three networks that meet in a router, as in life: the gateway's, the PC's, and the workers' (this process). The
 * router can drop everything to and from the PC, which neither end notices. Needs root and iproute2.
 */
export interface Networks extends AsyncDisposable {
  readonly gateway: { namespace: string; address: string };
  readonly pc: { namespace: string; address: string };
  /** Drops all packets to and from the PC. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** Gives the PC another address; packets of the old one are dropped for good. */
  changePcAddress(): Promise<void>;
  close(): Promise<void>;
}

export async function startNetworks(): Promise<Networks> {
  const id = randomInt(0x10000).toString(16).padStart(4, '0');
  const net = `10.${randomInt(100, 250)}`;
  const [gw, pc, router] = [`svg-gw-${id}`, `svg-pc-${id}`, `svg-rt-${id}`];
  const address = { gateway: `${net}.1.2`, pc: `${net}.2.2`, worker: `${net}.3.2` };
  const close = async () => {
    for (const name of [gw, pc, router]) await ip('netns', 'del', name).catch(() => {});
    await ip('link', 'del', `svgw${id}`).catch(() => {});
  };
  try {
    for (const name of [gw, pc, router]) {
      await ip('netns', 'add', name);
      await ip('-n', name, 'link', 'set', 'lo', 'up');
    }
    await run('ip', ['netns', 'exec', router, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
    await join(router, gw, `svgg${id}`, `${net}.1`);
    await join(router, pc, `svgp${id}`, `${net}.2`);
    await join(router, undefined, `svgw${id}`, `${net}.3`);
    await ip('route', 'add', `${net}.0.0/16`, 'via', `${net}.3.1`, 'src', address.worker);
  } catch (error) {
    await close();
    throw error;
  }
  let pcAddress = address.pc;
  const cut = async () => {
    await ip('-n', router, 'route', 'add', 'blackhole', `${pcAddress}/32`);
    await ip('-n', router, 'rule', 'add', 'from', pcAddress, 'blackhole');
  };
  const mend = async () => {
    await ip('-n', router, 'route', 'del', 'blackhole', `${pcAddress}/32`);
    await ip('-n', router, 'rule', 'del', 'from', pcAddress, 'blackhole');
  };
  return {
    gateway: { namespace: gw, address: address.gateway },
    pc: { namespace: pc, address: address.pc },
    cut,
    mend,
    changePcAddress: async () => {
      await cut().catch(() => {});
      await ip('-n', pc, 'addr', 'del', `${pcAddress}/24`, 'dev', 'eth0');
      pcAddress = `${net}.2.${randomInt(3, 250)}`;
      await ip('-n', pc, 'addr', 'add', `${pcAddress}/24`, 'dev', 'eth0');
      await ip('-n', pc, 'route', 'add', 'default', 'via', `${net}.2.1`);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A cable from the router (`.1`) to a namespace (`.2`), or to this one. */
async function join(router: string, namespace: string | undefined, name: string, net: string): Promise<void> {
  await ip('link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}r`);
  await ip('link', 'set', `${name}r`, 'netns', router);
  await ip('-n', router, 'addr', 'add', `${net}.1/24`, 'dev', `${name}r`);
  await ip('-n', router, 'link', 'set', `${name}r`, 'up');
  if (namespace === undefined) {
    await ip('addr', 'add', `${net}.2/24`, 'dev', name);
    await ip('link', 'set', name, 'up');
    return;
  }
  await ip('link', 'set', name, 'netns', namespace, 'name', 'eth0');
  await ip('-n', namespace, 'addr', 'add', `${net}.2/24`, 'dev', 'eth0');
  await ip('-n', namespace, 'link', 'set', 'eth0', 'up');
  await ip('-n', namespace, 'route', 'add', 'default', 'via', `${net}.1`);
}
