import { offering } from './kexinit.ts';
import { answering, at, type Situation } from './situation.ts';

const published = { step: 'banner', exitCode: 12 } as const;
const quick = ['--banner-timeout', '400ms'];

const others: Situation[] = [
  ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'webServer'],
  ['a web page without a header', '<html>no</html>\n', 'webServer'],
  ['an FTP server', '220 ProFTPD Server ready.\r\n', 'otherServer', /^FTP answers at .*not an SSH server: /],
  [
    'a mail server',
    '220 mail.example.com ESMTP\r\n',
    'otherServer',
    /^SMTP answers at .*not an SSH server: /,
  ],
  ['a POP3 server', '+OK ready\r\n', 'otherServer', /^POP3 answers at .*not an SSH server: /],
  ['a VNC server', 'RFB 003.008\n', 'otherServer', /^VNC answers at .*not an SSH server: /],
  [
    'a Redis server',
    '-ERR unknown command\r\n',
    'otherServer',
    /^Redis or POP3 answers at .*not an SSH server: /,
  ],
  [
    'a MySQL server',
    Buffer.from('4a0000000a382e302e3333000d000000\n', 'hex'),
    'otherServer',
    /^MySQL answers at .*not an SSH server: /,
  ],
  [
    'a telnet server',
    Buffer.from('fffd18fffd20fffd23fffd27', 'hex'),
    'otherServer',
    /^telnet answers at .*not an SSH server: /,
  ],
  ['an IMAP server', '* OK [CAPABILITY IMAP4rev1] ready.\r\n', 'otherServer', /^IMAP answers at /],
  ['a camera', 'RTSP/1.0 400 Bad Request\r\n\r\n', 'otherServer', /^RTSP answers at /],
  ['a telephone server', 'SIP/2.0 400 Bad Request\r\n\r\n', 'otherServer', /^SIP answers at /],
  ['a message broker', 'AMQP\0\0\x09\x01', 'otherServer', /^AMQP answers at /],
  ['an rsync server', '@RSYNCD: 31.0\n', 'otherServer', /^rsync answers at .*"@RSYNCD: 31\.0"$/],
  [
    'Remote Desktop',
    Buffer.from('030000130ed00000123400', 'hex'),
    'otherServer',
    /^Remote Desktop \(RDP\) answers/,
  ],
  [
    'a server of no known kind',
    'hello\r\n',
    'otherServer',
    /^what answers at .* is not an SSH server: "hello"$/,
  ],
  ['a TLS server', Buffer.from('15030100020246', 'hex'), 'tlsServer'],
  ['sshd that is full', 'Exceeded MaxStartups\r\n', 'maxStartups'],
  ['sshd with a penalty for us', 'Not allowed at this time\r\n', 'penalty'],
].map(([what, said, kind, says = /./]) => ({
  ...{ what: what as string, ...published, kind: kind as string, says: says as RegExp },
  todo:
    /MaxStartups|PerSource/.test(`${said}`) || kind === 'penalty' || kind === 'maxStartups'
      ? /PerSourcePenaltyExemptList/
      : /host and port/,
  open: answering(said as string | Buffer),
}));

const banners: Situation[] = [
  {
    what: 'a zombie',
    ...published,
    kind: 'zombie',
    todo: /each connection keeps the zombie alive/,
    open: answering('', 'wait', ...quick),
  },
  {
    what: 'a PC whose sshd is down',
    ...published,
    kind: 'pcSshdDown',
    todo: /Start-Service sshd/,
    open: answering(''),
  },
  {
    what: 'a port that resets',
    ...published,
    kind: 'pcSshdDown',
    todo: /Start-Service sshd/,
    open: at({ faults: { banner: { close: 'rst' } } }),
  },
  {
    what: 'a zombie that the gateway ends just now',
    ...published,
    kind: 'zombieEnded',
    todo: /Wait a minute/,
    open: at({ faults: { banner: { close: 'fin', afterMs: 1_100 } } }),
  },
  {
    what: 'something that speaks without end of line',
    ...published,
    kind: 'slowSpeaker',
    todo: /host and port/,
    open: answering('hello', 'wait', ...quick),
  },
  {
    what: 'an endless greeting',
    ...published,
    todo: /host and port/,
    open: at({ faults: { banner: { endless: true } } }, ...quick),
  },
  {
    what: 'a server of SSH 1',
    ...published,
    kind: 'oldSsh',
    todo: /Update/,
    open: answering('SSH-1.5-old\r\n', 'wait', ...quick),
  },
  {
    what: 'a line that is cut off',
    ...published,
    kind: 'pcSshdDown',
    todo: /Start-Service sshd/,
    open: answering('SSH-2.0-Op'),
  },
  {
    what: 'a PC that is just starting',
    step: 'banner',
    verdict: 'ok',
    exitCode: 0,
    open: at({ faults: { banner: { delayMs: 300 } } }),
  },
  {
    what: 'a greeting before the line',
    step: 'banner',
    verdict: 'ok',
    exitCode: 0,
    open: at({ faults: { banner: { preLines: ['hello', 'you'] } } }),
  },
];

const onPort22 =
  (said: string, end: 'wait' | 'close', ...more: string[]): Situation['open'] =>
  async (stage) => [
    '--proxy',
    await stage.proxyTo(await stage.port(said, end)),
    'rpa@pc.example.com:22',
    ...more,
  ];

const servers: Situation[] = [
  {
    what: 'a server of its own that is mute',
    ...published,
    kind: 'muteServer',
    says: /no word of SSH/,
    todo: /auth\.log/,
    open: onPort22('', 'wait', ...quick),
  },
  {
    what: 'a server of its own that hangs up',
    ...published,
    kind: 'closedServer',
    todo: /hosts\.deny/,
    open: onPort22('', 'close'),
  },
];

const key = { step: 'keys', exitCode: 13 } as const;
const keys: Situation[] = [
  {
    what: 'a server that hangs up before the keys',
    ...key,
    kind: 'keysClosed',
    todo: /MaxStartups/,
    open: at({ faults: { handshake: { closeInKex: 'fin' } } }),
  },
  {
    what: 'a server that resets before the keys',
    ...key,
    kind: 'keysClosed',
    todo: /fail2ban/,
    open: at({ faults: { handshake: { closeInKex: 'rst' } } }),
  },
  {
    what: 'silence in the key exchange',
    ...key,
    kind: 'keysSilent',
    todo: /MTU/,
    open: at({ faults: { handshake: { hang: true } } }, '--handshake-timeout', '400ms'),
  },
  {
    what: 'a goodbye in the key exchange',
    ...key,
    kind: 'keysRefused',
    says: /come back later/,
    todo: /words of the server/,
    open: at({ faults: { disconnect: { phase: 'ident', message: 'come back later' } } }),
  },
  {
    what: 'old key exchanges only',
    ...key,
    kind: 'noCommonKex',
    todo: /KexAlgorithms, HostKeyAlgorithms, Ciphers or MACs with/,
    open: answering(offering({ kex: 'diffie-hellman-group1-sha1' }), 'wait'),
  },
  {
    what: 'a post-quantum key exchange only',
    ...key,
    kind: 'postQuantumOnly',
    todo: /curve25519-sha256/,
    open: answering(offering({ kex: 'mlkem1024x448-sha512' }), 'wait'),
  },
  {
    what: 'old host keys only',
    ...key,
    kind: 'noCommonHostKey',
    todo: /KexAlgorithms, HostKeyAlgorithms, Ciphers or MACs with/,
    open: answering(offering({ key: 'ssh-dss' }), 'wait'),
  },
  {
    what: 'old ciphers only',
    ...key,
    kind: 'noCommonCipher',
    todo: /KexAlgorithms, HostKeyAlgorithms, Ciphers or MACs with/,
    open: answering(offering({ cipher: 'arcfour' }), 'wait'),
  },
  {
    what: 'old MACs only',
    ...key,
    kind: 'noCommonMac',
    todo: /KexAlgorithms, HostKeyAlgorithms, Ciphers or MACs with/,
    open: answering(offering({ mac: 'hmac-md5-96' }), 'wait'),
  },
  {
    what: 'bytes that are no SSH packet',
    ...key,
    kind: 'damaged',
    todo: /in between/,
    open: answering(`SSH-2.0-x\r\n${'\xff'.repeat(64)}`, 'wait'),
  },
];

export const beforeLogin: Situation[] = [...others, ...banners, ...servers, ...keys];
