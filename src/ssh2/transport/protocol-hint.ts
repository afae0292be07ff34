import { printable } from '../../text/printable.ts';
import { hybridKex } from '../insides/key-exchange/hybrid-kex.ts';
import type { ServerOffer } from '../insides/key-exchange/server-offer.ts';

/** The most likely cause of a failed key exchange, and what helps. */
export function protocolHint(
  noneInCommon: string | undefined,
  isImpostor: boolean,
  offer: ServerOffer | undefined,
): string {
  if (noneInCommon) return commonHint(noneInCommon, offer);
  return isImpostor
    ? 'The server does not own the host key that it shows: somebody is in between, or the server is broken.'
    : 'The bytes that arrived are not what SSH prescribes: a damaged stream, a broken server, or something in between.';
}

const postQuantum = /^(mlkem|sntrup)/;

function commonHint(what: string, offer: ServerOffer | undefined): string {
  const offered = /key exchange/.test(what)
    ? offer?.kex
    : /host key/.test(what)
      ? offer?.serverHostKey
      : /cipher/.test(what)
        ? offer?.cipher
        : /MAC/i.test(what)
          ? offer?.mac
          : undefined;
  const names = offered?.filter((name) => !/^(kex-strict|ext-info)-/.test(name));
  const offers = names
    ? ` It offers ${names
        .slice(0, 20)
        .map((name) => printable(name, 60))
        .join(', ')}.`
    : '';
  if (names?.some((name) => postQuantum.test(name)) && names.every((name) => postQuantum.test(name))) {
    const why = names.includes(hybridKex)
      ? `of which this connection has none (for ${hybridKex}, Node 24.7 or later, and no algorithms.kex without it)`
      : 'and of those only mlkem768x25519-sha256 is supported';
    return `The server wants a post-quantum key exchange, ${why}.${offers} Allow curve25519-sha256 or ecdh-sha2-nistp256 beside it (KexAlgorithms).`;
  }
  return `The server offers no ${what} that we do.${offers} Name what it offers in the option algorithms: either the server is old, or that option leaves it out.`;
}
