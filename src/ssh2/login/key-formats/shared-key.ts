import type { ParsedKey } from 'ssh2';

type Passphrase = string | Buffer | undefined;

/** A key that is being read or in use, with what it was read from. */
interface Shared {
  readonly text: string;
  readonly passphrase: Passphrase;
  readonly key: Promise<ParsedKey>;
  /** Once it is read. */
  read?: ParsedKey;
}

/** Programs use a few keys; the oldest are forgotten first. */
const most = 20;
let inUse: Array<WeakRef<Shared>> = [];
/** What a key was read from is held as long as somebody holds the key, and no longer. */
const sources = new WeakMap<ParsedKey, Shared>();

/**
 * The key that somebody is reading from this text, or has read and still uses; otherwise what `read` reads. Many connections
 * with one key then take it apart once, and decrypt it once, which with a passphrase takes half a second.
 */
export function sharedKey(
  text: string,
  passphrase: Passphrase,
  read: () => Promise<ParsedKey>,
): Promise<ParsedKey> {
  // A caller may overwrite the bytes of a passphrase while others compare with them.
  if (typeof passphrase === 'object') return read();
  return (sharedOf(text, passphrase) ?? begun(text, passphrase, read)).key;
}

function begun(text: string, passphrase: Passphrase, read: () => Promise<ParsedKey>): Shared {
  const key = read().then(
    (done) => {
      shared.read = done;
      sources.set(done, shared);
      return done;
    },
    (error) => {
      inUse = inUse.filter((one) => one.deref() !== shared);
      throw error;
    },
  );
  const shared: Shared = { text, passphrase, key };
  inUse = [...inUse, new WeakRef(shared)].slice(-most);
  return shared;
}

/** The key that somebody has read from this text and still uses. */
export function keyInUse(text: string, passphrase: Passphrase): ParsedKey | undefined {
  return sharedOf(text, passphrase)?.read;
}

function sharedOf(text: string, passphrase: Passphrase): Shared | undefined {
  return inUse.find((one) => isOf(one.deref(), text, passphrase))?.deref();
}

function isOf(shared: Shared | undefined, text: string, passphrase: Passphrase): shared is Shared {
  return shared?.text === text && shared.passphrase === passphrase;
}
