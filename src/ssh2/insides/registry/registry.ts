import { table } from './inside.ts';
import { boundInsides } from './registry-bounds.ts';
import { keyExchangeInsides } from './registry-key-exchange.ts';
import { loginInsides } from './registry-login.ts';

export type InsideName = keyof typeof insides;

/**
 * Every member of ssh2 that we use or replace without its documentation knowing of it, by what it serves. Nothing else
 * of ssh2's insides may be touched, and nothing outside this room touches them. To add something: a row here, its
 * functions in this room (they ask `serves` before they rely on a member), a test, and `npm run docs:ssh2`.
 */
export const insides = table({
  'order of messages': {
    use: 'Checks the type of each message before ssh2 acts on it, and of each that is sent unencrypted; rejects empty messages.',
    fault:
      'While an asynchronous host verifier decides, ssh2 handles all messages, and whatever it sends is in plain text, even the login.',
    source:
      'RFC 4253 sections 7.1, 7.3, 9.3, 10; RFC 4252; RFC 8308 section 2.4; lib/protocol/kex.js `finish(scOnly)`',
    need: 'safety',
    test: 'test/wire/matrix.test.ts',
    members: {
      '_protocol._packetRW.read.read': 'function',
      '_protocol._cipher.encrypt': 'function',
      '_protocol._onPayload': 'function',
      '_protocol.authPassword': 'function',
      '_protocol.authPK': 'function',
      '_protocol.authKeyboard': 'function',
      '_protocol.authNone': 'function',
      '_protocol.disconnect': 'function',
    },
    replaced: [
      '_protocol._packetRW',
      '_protocol._packetRW.read.read',
      '_protocol._cipher.encrypt',
      '_protocol._onPayload',
      '_protocol.authPassword',
      '_protocol.authPK',
      '_protocol.authKeyboard',
      '_protocol.authNone',
    ],
    later: ['_protocol._strictMode'],
  },
  'deferred destruction': {
    use: 'Lets a packet handler return before the ciphers are freed.',
    fault:
      'A fatal error frees the native ciphers inside their own packet handler: the process dies of SIGSEGV, and a hostile server can cause this.',
    source: 'lib/protocol/utils.js `doFatalError`, lib/protocol/Protocol.js `_destruct`',
    need: 'safety',
    test: 'test/connect/teardown-crash.test.ts',
    members: {
      '_protocol._destruct': 'function',
      '_protocol.parse': 'function',
      '_protocol._onWrite': 'function',
    },
    replaced: ['_protocol._destruct', '_protocol.parse', '_protocol._onWrite'],
  },
  'identification line': {
    use: "Sends the line and waits for the server's before ssh2 is begun, which is told what was sent.",
    fault:
      'Sends the line itself, so that it would have to be there while a connection waits for its server.',
    source: 'RFC 4253 sections 4.2 and 8; lib/protocol/Protocol.js `start`, lib/protocol/kex.js `finish`',
    need: 'safety',
    test: 'test/ssh2/identification.test.ts',
    members: { '_protocol._identRaw': 'object' },
    replaced: ['_protocol.start', '_protocol._identRaw'],
  },
  ...boundInsides,
  'names of forwards': {
    use: 'Removes inherited names from the tables of forwards.',
    fault:
      'A channel for a socket named `constructor` is neither accepted nor refused, and stays open for ever.',
    source: 'lib/client.js `onCHANNEL_OPEN`',
    need: 'safety',
    test: 'test/ssh2/forwards.test.ts',
    members: { _forwarding: 'object', _forwardingUnix: 'object' },
  },
  'SHA-2 for RSA': {
    use: 'Reads which signature algorithms the server accepts, and uses one with SHA-2.',
    fault: 'Without server-sig-algs, signs with RSA keys and SHA-1, which OpenSSH refuses since 8.8.',
    source: 'RFC 8332; RFC 8308 section 3.1; lib/client.js `getKeyAlgos`',
    need: 'safety',
    test: 'test/connect/auth-keys.test.ts',
    members: { '_protocol._handlers.EXT_INFO': 'function' },
    replaced: ['_protocol._handlers.EXT_INFO'],
  },
  'offer of the server': {
    use: 'Reads which algorithms the server offers, for the hint if none is in common.',
    fault: 'Says that none is in common, but not what the server offers.',
    source: 'RFC 4253 section 7.1; lib/protocol/kex.js `handleKexInit`',
    need: 'speed',
    figure: "a hint that names the server's algorithms",
    test: 'test/ssh2/classify.test.ts',
    members: { '_protocol._packetRW.read.read': 'function' },
    replaced: ['_protocol._packetRW', '_protocol._packetRW.read.read'],
  },
  ...keyExchangeInsides,
  'refused logins': {
    use: 'Reads which methods the server still accepts, each time it refuses one.',
    fault:
      'Treats a partial success as a failure if an agent signed, and uses up the other keys of the agent.',
    source: 'RFC 4252 section 5.1; lib/client.js `USERAUTH_FAILURE`',
    need: 'safety',
    test: 'test/connect/auth-agent.test.ts',
    members: { '_protocol._handlers.USERAUTH_FAILURE': 'function' },
    replaced: ['_protocol._handlers.USERAUTH_FAILURE'],
  },
  'silent goodbye': {
    use: 'Reports SSH_MSG_DISCONNECT with reason 11.',
    fault: 'Hides reason 11, "by application": the connection just ends.',
    source: 'RFC 4253 section 11.1; lib/client.js `DISCONNECT`',
    need: 'safety',
    test: 'test/connect/disconnects.test.ts',
    members: { '_protocol._handlers.DISCONNECT': 'function' },
    replaced: ['_protocol._handlers.DISCONNECT'],
  },
  'forgotten channels': {
    use: 'Closes a session on which the server refused the request.',
    fault: 'Leaves such a session open, and it counts against MaxSessions for ever.',
    source: 'RFC 4254 section 5.3; lib/client.js `reqExec`, `reqSubsystem`',
    need: 'safety',
    test: 'test/ssh2/internals.test.ts',
    members: { '_chanMgr._cur': 'number', '_chanMgr.get': 'function' },
  },
  ...loginInsides,
  'sessions of our own': {
    use: 'Opens a session before a command or SFTP needs it, starts that on it, and puts a smaller channel in the place of its own, for SFTP its own again.',
    fault:
      'Opens a session only together with a command: an additional round trip for each. Its channel is three streams and some twenty listeners.',
    source:
      'RFC 4254 sections 5 and 6.5; lib/client.js `CHANNEL_OPEN_CONFIRMATION`, lib/utils.js `onCHANNEL_CLOSE`',
    need: 'speed',
    figure:
      '1 round trip of 2 for each command (test/cost/commands.test.ts), and a quarter of its processor time (docs/benchmarks.md)',
    test: 'test/ssh2/session-ahead.test.ts',
    members: {
      '_protocol._handlers.CHANNEL_OPEN_CONFIRMATION': 'function',
      '_chanMgr.add': 'function',
      '_chanMgr.get': 'function',
      '_chanMgr.update': 'function',
      '_protocol.session': 'function',
      '_protocol.exec': 'function',
      '_protocol.subsystem': 'function',
      '_protocol.signal': 'function',
      '_protocol.channelData': 'function',
      '_protocol.channelEOF': 'function',
      '_protocol.channelClose': 'function',
    },
    replaced: ['_protocol._handlers.CHANNEL_OPEN_CONFIRMATION', 'the channel of a session'],
    later: [
      'callback.type',
      'channel.{incoming,outgoing,readable,stderr,subtype,emit,close}',
      'channel.{_callbacks,_exit,_waitWindow,_chunkcb}',
    ],
  },
  'behind the first request': {
    use: 'Sends the end of input, or the first SFTP packets, right behind the request for the command or SFTP.',
    fault: 'Calls back only when the server has answered.',
    source: 'RFC 4254 section 6.5',
    need: 'speed',
    figure: '2 round trips of 6 for the first file of a connection (test/cost/files.test.ts)',
    test: 'test/ssh2/internals.test.ts',
    members: { '_chanMgr.get': 'function', '_chanMgr.update': 'function', '_chanMgr._cur': 'number' },
    replaced: ['the callback of a channel that is being opened'],
    later: ['callback.type'],
  },
  'data before the window': {
    use: 'Sends the first SFTP packets right behind the request for SFTP, only to OpenSSH, which opens the window while handling the request.',
    fault: 'Waits for the window.',
    source: 'OpenSSH channels.c `channel_set_fds`, `channel_input_data`; RFC 4254 section 5.2',
    need: 'speed',
    figure:
      '1 round trip of 5 for a small file, and another for requests sent before SSH_FXP_VERSION (test/cost/files.test.ts)',
    test: 'test/ssh2/before-window.test.ts',
    members: {
      '_protocol.channelData': 'function',
      '_protocol._handlers.CHANNEL_WINDOW_ADJUST': 'function',
      '_chanMgr.get': 'function',
    },
    replaced: ['_protocol._handlers.CHANNEL_WINDOW_ADJUST'],
    later: ['channel.outgoing.{id,window,state}'],
  },
  padding: {
    use: 'Takes the padding of packets from a pool of random bytes, each used once.',
    fault: 'Asks the system for random bytes for each packet, which takes as long as to encrypt a small one.',
    source: 'RFC 4253 section 6; lib/protocol/crypto.js `allocPacket`',
    need: 'speed',
    figure: '4 of 100 parts of the processor time of a command (`npm run bench -- exec-cpu`)',
    test: 'test/ssh2/padding.test.ts',
    members: { '_protocol._cipher.allocPacket': 'function' },
    replaced: ['_protocol._cipher.allocPacket'],
  },
  'steady keepalive': {
    use: 'Lets the timer of the keepalive run, whatever the server answers in between.',
    fault: 'Makes a new timer at each answer to a request on a channel.',
    source: 'lib/client.js `resetKA`, `CHANNEL_SUCCESS`',
    need: 'speed',
    figure: 'a timer for each command less (test/ssh2/keepalive-timer.test.ts)',
    test: 'test/ssh2/keepalive-timer.test.ts',
    members: { _resetKA: 'function' },
    replaced: ['_resetKA'],
  },
  'signal after input': {
    use: 'Sends a signal to a command whose input has ended.',
    fault: 'signal() does nothing once the input has ended.',
    source: 'RFC 4254 section 6.9; lib/Channel.js `signal`',
    need: 'speed',
    figure: 'no speed, but a command ends by the signal rather than by the close of its channel',
    test: 'test/ssh2/internals.test.ts',
    members: { '_protocol.signal': 'function' },
  },
  ping: {
    use: 'Asks whether the server has read everything sent so far.',
    fault: 'Has no function to send a global request.',
    source: 'RFC 4254 section 4; OpenSSH PROTOCOL section 2.5',
    need: 'speed',
    figure: 'no speed, but certainty whether a command was stopped',
    test: 'test/ssh2/link-sessions.test.ts',
    members: { '_protocol.ping': 'function', _callbacks: 'object' },
  },
  'further host keys': {
    use: 'Reads which host keys the server announces, requests proofs for the new ones, and reads the proofs unaltered.',
    fault:
      'Skips keys of unknown types, so that they would seem to be gone; accepts proofs with SHA-1; mismatches proofs and keys if one is missing.',
    source:
      'OpenSSH PROTOCOL section 2.5; clientloop.c `client_input_hostkeys`; lib/client.js `hostKeysProve`',
    need: 'speed',
    figure: 'no speed, but `hostKey.update`',
    test: 'test/connect/host-key-update.test.ts',
    members: {
      '_protocol._packetRW.read.read': 'function',
      '_protocol.openssh_hostKeysProve': 'function',
      _callbacks: 'object',
    },
    replaced: ['_protocol._packetRW', '_protocol._packetRW.read.read'],
    later: ['_protocol._kex.sessionID'],
  },
  'reasons of refused forwards': {
    use: 'Reads SSH_MSG_DEBUG, in which OpenSSH says why it refused a forward.',
    fault: 'Shows these messages only in its own debug output.',
    source: 'RFC 4253 section 11.3',
    need: 'speed',
    figure: 'no speed, but the reason in `PortForwardFailed`',
    test: 'test/ssh2/internals.test.ts',
    members: { '_protocol._handlers': 'object' },
    replaced: ['_protocol._handlers.DEBUG'],
  },
});

/** Files that are loaded one by one where they exist (`client-parts.ts`): 40 % less to load than the whole package. */
export const files = ['ssh2/lib/client.js', 'ssh2/lib/agent.js', 'ssh2/lib/protocol/keyParser.js'] as const;
