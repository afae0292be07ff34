import type { Duplex } from 'node:stream';
import type { BaseAgent, ParsedKey } from 'ssh2';
import { ssh2 } from '../insides/client-parts.ts';

type Identity = ParsedKey | string | Buffer;
type GetStream = (callback: (error?: Error | null, stream?: Duplex) => void) => void;

/**
 * The identities of an agent, each as an agent of its own: ssh2 burns the rest of an agent's keys when a server takes
 * one of them as a part of what it wants (partial success, RFC 4252 section 5.1).
 */
export function agentKeys(
  path: string,
  signal: AbortSignal,
): Promise<Array<{ agent: BaseAgent; key: ParsedKey }>> {
  return new Promise((resolve, reject) => {
    const agent = ssh2.createAgent(path) as BaseAgent<Identity>;
    endWith(signal, agent);
    agent.getIdentities((error, identities) => {
      if (error) return reject(error);
      const keys = (identities ?? []).map((identity) => parse(identity)).filter((key) => key !== undefined);
      resolve(keys.map((key) => ({ key, agent: oneKeyAgent(agent, key) as unknown as BaseAgent })));
    });
  });
}

/** An agent that does not answer must not keep its socket, and with it the process, for ever. */
function endWith(signal: AbortSignal, agent: { getStream?: GetStream }): void {
  const { getStream } = agent;
  if (typeof getStream !== 'function') return;
  agent.getStream = (callback) =>
    getStream.call(agent, (error, stream) => {
      if (!stream) return callback(error);
      const end = () => stream.destroy();
      signal.addEventListener('abort', end, { once: true });
      stream.once('close', () => signal.removeEventListener('abort', end));
      callback(error, stream);
      if (signal.aborted) end();
    });
}

function parse(identity: unknown): ParsedKey | undefined {
  const parsed = ssh2.parseKey(identity as Buffer);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  return key instanceof Error ? undefined : key;
}

function oneKeyAgent(agent: BaseAgent<Identity>, key: ParsedKey): BaseAgent<ParsedKey> {
  // A class would have to extend ssh2.BaseAgent when this module loads; a bundle loads ssh2 later.
  return Object.assign(Object.create(ssh2.BaseAgent.prototype) as BaseAgent<ParsedKey>, {
    getIdentities: (callback: (error: undefined, keys: ParsedKey[]) => void) => callback(undefined, [key]),
    sign: agent.sign.bind(agent) as BaseAgent<ParsedKey>['sign'],
  });
}
