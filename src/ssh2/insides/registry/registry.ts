import { table } from './inside.ts';
import { boundInsides } from './registry-bounds.ts';
import { keyExchangeInsides } from './registry-key-exchange.ts';

export type InsideName = keyof typeof insides;

/**
 * Every member of ssh2 that we use or replace without its documentation knowing of it, by what it serves. Nothing else
 * of ssh2's insides may be touched, and nothing outside this room touches them. To add something: a row here, its
 * functions in this room (they ask `serves` before they rely on a member), a test, and `npm run docs:ssh2`.
 */
export const insides = table({
  'order of messages': {
    use: 'Sees the type of each message before ssh2 acts on it, and of each that leaves unencrypted; takes no message of no bytes.',
    fault:
      'While an asynchronous host verifier decides, the handlers of all messages run, and what they send leaves in plain text: the login too.',
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
      'A fatal error frees the native ciphers inside their own packet handler: the process dies of SIGSEGV, and a hostile server can bring that about.',
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
  ...boundInsides,
  'names of forwards': {
    use: 'Takes the inherited names out of the tables of forwards.',
    fault: 'A channel for a socket named `constructor` is neither accepted nor refused, and stays for ever.',
    source: 'lib/client.js `onCHANNEL_OPEN`',
    need: 'safety',
    test: 'test/ssh2/forwards.test.ts',
    members: { _forwarding: 'object', _forwardingUnix: 'object' },
  },
  'SHA-2 for RSA': {
    use: 'Hears which signature algorithms a server takes, and chooses among those of SHA-2.',
    fault: 'Without server-sig-algs, RSA keys sign with SHA-1, which OpenSSH refuses since 8.8.',
    source: 'RFC 8332; RFC 8308 section 3.1; lib/client.js `getKeyAlgos`',
    need: 'safety',
    test: 'test/connect/auth-keys.test.ts',
    members: { '_protocol._handlers.EXT_INFO': 'function' },
    replaced: ['_protocol._handlers.EXT_INFO'],
  },
  'offer of the server': {
    use: 'Reads which algorithms the server offers, for the hint when there is none in common.',
    fault: 'Says that there is nothing in common, and not what there is.',
    source: 'RFC 4253 section 7.1; lib/protocol/kex.js `handleKexInit`',
    need: 'speed',
    figure: 'a hint that names the algorithms of the server',
    test: 'test/ssh2/classify.test.ts',
    members: { '_protocol._packetRW.read.read': 'function' },
    replaced: ['_protocol._packetRW', '_protocol._packetRW.read.read'],
  },
  ...keyExchangeInsides,
  'refused logins': {
    use: 'Hears which methods a server would still take, each time that it refuses one.',
    fault: 'A partial success is taken for a failure when an agent signed, and its other keys are burnt.',
    source: 'RFC 4252 section 5.1; lib/client.js `USERAUTH_FAILURE`',
    need: 'safety',
    test: 'test/connect/auth-agent.test.ts',
    members: { '_protocol._handlers.USERAUTH_FAILURE': 'function' },
    replaced: ['_protocol._handlers.USERAUTH_FAILURE'],
  },
  'silent goodbye': {
    use: 'Hears SSH_MSG_DISCONNECT with reason 11.',
    fault: 'Reason 11, "by application", is kept from everybody: the connection just ends.',
    source: 'RFC 4253 section 11.1; lib/client.js `DISCONNECT`',
    need: 'safety',
    test: 'test/connect/disconnects.test.ts',
    members: { '_protocol._handlers.DISCONNECT': 'function' },
    replaced: ['_protocol._handlers.DISCONNECT'],
  },
  'forgotten channels': {
    use: 'Closes a session on which the server refused what was asked for.',
    fault: 'Such a session stays open and counts against MaxSessions for ever.',
    source: 'RFC 4254 section 5.3; lib/client.js `reqExec`, `reqSubsystem`',
    need: 'safety',
    test: 'test/ssh2/internals.test.ts',
    members: { '_chanMgr._cur': 'number', '_chanMgr.get': 'function' },
  },
  'first channel': {
    use: 'Acknowledges the host keys that OpenSSH tells after the login, with a message that means nothing.',
    fault:
      'Has nothing to say then: sshd holds its next packet back (Nagle) until TCP acknowledges by itself.',
    source:
      'RFC 4253 section 11.2; OpenSSH sets TCP_NODELAY with the first command (packet.c `ssh_packet_set_interactive`)',
    need: 'speed',
    figure: '41 ms of 64 for a connection and its first command on loopback (`npm run bench -- connect-0`)',
    test: 'test/interop/first-channel.test.ts',
    members: {
      '_protocol._packetRW.write.allocStart': 'number',
      '_protocol._packetRW.write.alloc': 'function',
      '_protocol._packetRW.write.finalize': 'function',
      '_protocol._cipher.encrypt': 'function',
    },
    later: ['_protocol._kexinit', '_protocol._kex.negotiated.cs.compress'],
  },
  'early login': {
    use: 'Sends the first login request behind the request for the service, with its signature in it.',
    fault: 'Waits for SERVICE_ACCEPT, and asks whether a key is welcome before it signs.',
    source: 'RFC 4252 section 7; RFC 4253 section 10',
    need: 'speed',
    figure: '2 round trips of 7 for a connection and its first command (test/interop/round-trips.test.ts)',
    test: 'test/ssh2/early-auth.test.ts',
    members: {
      '_protocol.service': 'function',
      '_protocol.authPK': 'function',
      '_protocol._handlers.SERVICE_ACCEPT': 'function',
      '_protocol._packetRW.write.allocStart': 'number',
      '_protocol._packetRW.write.alloc': 'function',
      '_protocol._packetRW.write.finalize': 'function',
      '_protocol._cipher.encrypt': 'function',
    },
    replaced: ['_protocol.service', '_protocol.authPK', '_protocol._handlers.SERVICE_ACCEPT'],
    later: ['_protocol._kexinit', '_protocol._kex.negotiated.cs.compress'],
  },
  'sessions ahead': {
    use: 'Opens a session before a command asks for one, and starts the command on it.',
    fault: 'A session can only be opened together with what runs in it: a round trip for each command.',
    source: 'RFC 4254 sections 6.1 and 6.5',
    need: 'speed',
    figure: '1 round trip of 2 for each command (test/cost/commands.test.ts)',
    test: 'test/ssh2/session-ahead.test.ts',
    members: {
      '_chanMgr.add': 'function',
      '_protocol.session': 'function',
      '_protocol.exec': 'function',
    },
    replaced: ['channel._callbacks'],
    later: ['channel._callbacks', 'channel.subtype', 'callback.type'],
  },
  'behind the first request': {
    use: 'Sends the end of input, or the first SFTP packets, together with the request for the command or SFTP.',
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
    use: 'Sends the first SFTP packets behind the request for SFTP, to OpenSSH, which grants their window while it deals with the request.',
    fault: 'Waits for the window.',
    source: 'OpenSSH channels.c `channel_set_fds`, `channel_input_data`; RFC 4254 section 5.2',
    need: 'speed',
    figure:
      '1 round trip of 5 for a small file, and another one for what is asked before the greeting (test/cost/files.test.ts)',
    test: 'test/ssh2/before-window.test.ts',
    members: { '_protocol.channelData': 'function' },
    later: ['channel.outgoing.{id,window,state}', 'channel._waitWindow'],
  },
  'signal after input': {
    use: 'Passes a signal to a command whose input has ended.',
    fault: 'signal() does nothing once the input has ended.',
    source: 'RFC 4254 section 6.9; lib/Channel.js `signal`',
    need: 'speed',
    figure: 'no speed, but a command ends by its signal rather than by the close of its channel',
    test: 'test/ssh2/internals.test.ts',
    members: { '_protocol.signal': 'function' },
  },
  ping: {
    use: 'Asks whether the server has read all that was sent before.',
    fault: 'Has no call for a global request of its own.',
    source: 'RFC 4254 section 4; OpenSSH PROTOCOL section 2.5',
    need: 'speed',
    figure: 'no speed, but whether a command was stopped is known rather than assumed',
    test: 'test/ssh2/link-sessions.test.ts',
    members: { '_protocol.ping': 'function', _callbacks: 'object' },
  },
  'further host keys': {
    use: 'Reads which host keys the server tells, asks for proofs of those that are new, and reads them as they stand.',
    fault:
      'Passes over keys of kinds that it does not know, so that they would seem to be gone; believes proofs with SHA-1; does not match proofs to keys when one is missing.',
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
    use: 'Hears SSH_MSG_DEBUG, in which OpenSSH says why it refused a forward.',
    fault: 'Only its own debug output gets to see these messages.',
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
