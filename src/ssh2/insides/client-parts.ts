import { createRequire } from 'node:module';
import type whole from 'ssh2';

type Whole = typeof whole;
type ClientParts = Pick<Whole, 'Client' | 'BaseAgent' | 'createAgent'> & Pick<Whole['utils'], 'parseKey'>;

/**
 * What a client needs of ssh2. The whole package would also load its server, its key generator, and Node's HTTP and
 * TLS for its HTTP agents. It has had these files since 1.0; in a version that has not, the whole package will do.
 */
export const ssh2: ClientParts = clientParts(createRequire(import.meta.url));

function clientParts(require: NodeJS.Require): ClientParts {
  try {
    return {
      Client: require('ssh2/lib/client.js'),
      ...require('ssh2/lib/agent.js'),
      ...require('ssh2/lib/protocol/keyParser.js'),
    };
  } catch {
    const { utils, ...rest } = require('ssh2') as Whole;
    return { ...rest, ...utils };
  }
}
