import type whole from 'ssh2';
import { load } from '../../load/on-demand.ts';

type Whole = typeof whole;
type KeyParser = Pick<Whole['utils'], 'parseKey'>;
type Agents = Pick<Whole, 'BaseAgent' | 'createAgent'>;

/**
 * What a client needs of ssh2; each part is loaded when first used: a program that imports this library may never
 * connect, and while connecting there is time. The whole package would also load its server, its key generator, and,
 * for its HTTP agents, Node's HTTP and TLS. ssh2 has had these files since 1.0; for a version without them, the whole
 * package is loaded.
 */
export const ssh2: Pick<Whole, 'Client'> & KeyParser & Agents = {
  get Client() {
    return part('client.js', (all) => all.Client);
  },
  get BaseAgent() {
    return part<Agents>('agent.js', (all) => all).BaseAgent;
  },
  get createAgent() {
    return part<Agents>('agent.js', (all) => all).createAgent;
  },
  get parseKey() {
    return part<KeyParser>('protocol/keyParser.js', ({ utils }) => utils).parseKey;
  },
};

const loaded = new Map<string, unknown>();

function part<Part>(file: string, inWhole: (all: Whole) => Part): Part {
  if (!loaded.has(file)) loaded.set(file, fileOrWhole(file, inWhole));
  return loaded.get(file) as Part;
}

function fileOrWhole<Part>(file: string, inWhole: (all: Whole) => Part): Part {
  try {
    return load(`ssh2/lib/${file}`) as Part;
  } catch {
    return inWhole(load('ssh2') as Whole);
  }
}
