import type { Inside } from '../../ssh2/insides/registry/inside.ts';

/** What the mock server uses of ssh2's insides, as `ssh2/insides/registry` lists it for the client. */
export const serverInsides: Readonly<Record<string, Inside>> = {
  'messages of our own': {
    use: 'Sends any packet, in or out of turn: disconnects with a text, malformed and refused things.',
    fault: 'Sends only what it has a call for, and disconnects and refusals without a text.',
    source: 'RFC 4253 section 11.1; RFC 4254 section 5.1; lib/protocol/Protocol.js `disconnect`',
    need: 'safety',
    test: 'test/mock-server/faults-session.test.ts',
    members: {
      '_protocol._destruct': 'function',
      '_protocol._cipher.encrypt': 'function',
      '_protocol._packetRW.write.allocStartKEX': 'number',
      '_protocol._packetRW.write.alloc': 'function',
      '_protocol._packetRW.write.finalize': 'function',
      '_protocol.channelOpenFail': 'function',
    },
    replaced: ['_protocol.channelOpenFail'],
  },
  'messages of the client': {
    use: 'Sees requests before ssh2 answers them.',
    fault:
      'Answers some requests before a listener hears of them, and refuses channels always with reason 2.',
    source: 'RFC 4254 sections 4 and 5.1; lib/server.js',
    need: 'safety',
    test: 'test/mock-server/forwards.test.ts',
    members: { '_protocol._handlers': 'object' },
    replaced: ['_protocol._handlers.{GLOBAL_REQUEST,CHANNEL_OPEN,CHANNEL_WINDOW_ADJUST,USERAUTH_REQUEST}'],
  },
  're-keys': {
    use: 'Starts a key exchange, on request with another host key.',
    fault: 'Has no call for either.',
    source: 'RFC 4253 section 9',
    need: 'safety',
    test: 'test/connect/host-key.test.ts',
    members: { '_protocol.rekey': 'function', '_protocol._hostKeys': 'object' },
    replaced: ['_protocol._hostKeys'],
  },
  windows: {
    use: 'Never grants window again, or sends without regard to the window.',
    fault: 'Keeps to the rules.',
    source: 'RFC 4254 section 5.2',
    need: 'safety',
    test: 'test/mock-server/faults-session.test.ts',
    members: { '_protocol.channelWindowAdjust': 'function' },
    replaced: ['_protocol.channelWindowAdjust'],
    later: ['channel.outgoing.{id,window,state}'],
  },
  sessions: {
    use: 'Closes sessions in which nothing was started, and hears signals after the end of input.',
    fault:
      'Never answers the close of an unused session, knows one by the name of its class, and takes the end of input for the end of the session.',
    source: 'lib/server.js `Session`',
    need: 'safety',
    test: 'test/mock-server/exec.test.ts',
    members: { '_chanMgr.remove': 'function', '_protocol.channelClose': 'function', _sock: 'object' },
    later: ['session._ending', 'session._channel', 'session._chanInfo'],
  },
  'writes to a channel': {
    use: 'Lets stdout and stderr both wait for window, and calls back after the end.',
    fault: 'Hangs, or sends an old piece twice: `_chunk` is never cleared.',
    source: 'lib/Channel.js `_write`; lib/server.js `CHANNEL_WINDOW_ADJUST`',
    need: 'safety',
    test: 'test/mock-server/stress.test.ts',
    members: {},
    replaced: ['channel._write', 'channel.stderr._write'],
    later: [
      'channel._waitWindow',
      'channel._chunk',
      'channel._chunkcb',
      'channel._chunkErr',
      'channel._chunkcbErr',
    ],
  },
};
