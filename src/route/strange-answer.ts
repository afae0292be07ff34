interface WrongServer {
  /** It may go away: a maintenance page, or the page of a network that requires a login. */
  readonly mayPass?: true;
  /** Matches its first bytes, one character per byte. */
  readonly begin: RegExp;
  /** What it is. */
  readonly is: string;
  readonly hint: string;
}

/** What may be listening where a proxy is expected. The schemes are those of the proxy's URL. */
const kinds: readonly WrongServer[] = [
  {
    begin: /^SSH-/,
    is: 'an SSH server',
    hint: 'An SSH server on the way is a jump host, not a proxy: via: jumpHost(...), or --jump on the command line.',
  },
  {
    // A TLS record: an alert or a handshake (RFC 8446, section 5.1).
    begin: /^[\x15\x16]\x03/,
    is: 'a server that speaks TLS',
    hint: 'Is it a proxy that is itself reached by TLS? Its URL begins with https:// then.',
  },
  {
    begin: /^HTTP\//i,
    mayPass: true,
    is: 'a web server, or a proxy of another kind',
    hint: 'The URL of an HTTP proxy begins with http://, and with https:// only if the proxy itself is reached by TLS.',
  },
  {
    begin: /^\s*<(?:!doctype|html|\?xml)/i,
    mayPass: true,
    is: 'a web server',
    hint: 'Is it the right port?',
  },
  {
    begin: /^\x05[\0-\x02\xff]/,
    is: 'a SOCKS 5 proxy',
    hint: 'The URL of a SOCKS proxy begins with socks5://.',
  },
  {
    // A SOCKS 4 reply begins with a zero and one of four codes.
    begin: /^(?:\0[\x5a-\x5d]|\x04)/,
    is: 'a SOCKS 4 proxy',
    hint: 'Only SOCKS 5 is supported: it can look host names up, and knows logins.',
  },
];

/** What answers is not the expected kind of proxy. `message` continues after the proxy's name. */
export class StrangeAnswer extends Error {
  /** Its first line; untrusted text that may repeat the login. */
  readonly said: string;
  readonly hint: string;
  readonly retryable: boolean;

  constructor(said: Buffer) {
    const kind = kinds.find(({ begin }) => begin.test(said.toString('latin1', 0, 64)));
    super(kind ? `is ${kind.is}` : 'did not answer as a proxy of this kind does');
    this.said = said.toString('utf8', 0, 4_096).trimStart().split('\n')[0]!.trimEnd();
    this.retryable = kind === undefined || kind.mayPass === true;
    this.hint = kind
      ? kind.hint
      : 'Is it the right port, and is the kind of proxy (http, https, socks5) right?';
  }
}
