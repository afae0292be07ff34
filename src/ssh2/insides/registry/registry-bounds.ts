import { table } from './inside.ts';

/** The rows of the registry for what the far side may send and make us keep. */
export const boundInsides = table({
  'receive window': {
    use: 'Ends the connection if a channel receives more than was granted; grants what has been read; enlarges the window for files.',
    fault:
      'Only a window of exactly zero stops data, so a paused reader can be made to buffer any amount. A window of 2 MiB, granted by halves, transfers 1 MiB per round trip.',
    source: 'RFC 4254 section 5.2; mscdex/ssh2#1505; lib/Channel.js `WINDOW_THRESHOLD`',
    need: 'safety',
    test: 'test/ssh2/receive-window.test.ts',
    members: {
      '_protocol._handlers.CHANNEL_DATA': 'function',
      '_protocol._handlers.CHANNEL_EXTENDED_DATA': 'function',
      '_protocol.channelWindowAdjust': 'function',
      '_chanMgr.get': 'function',
    },
    replaced: ['_protocol._handlers.CHANNEL_DATA', '_protocol._handlers.CHANNEL_EXTENDED_DATA'],
    later: ['channel.incoming.{id,window,state}', 'channel.outgoing.{id,window,packetSize,state}'],
  },
  'size of packets': {
    use: 'Ends the connection at a channel that takes packets of fewer than 64 bytes.',
    fault:
      'Sends packets of the size that the server names, a whole window in one turn; of no bytes for ever.',
    source: 'RFC 4254 section 5.1; RFC 4253 section 6.1; lib/Channel.js',
    need: 'safety',
    test: 'test/ssh2/packet-size.test.ts',
    members: {
      '_protocol._handlers.CHANNEL_OPEN': 'function',
      '_protocol._handlers.CHANNEL_OPEN_CONFIRMATION': 'function',
    },
    replaced: ['_protocol._handlers.CHANNEL_OPEN', '_protocol._handlers.CHANNEL_OPEN_CONFIRMATION'],
  },
  'answers that wait': {
    use: 'Limits unread answers to the server, and ignores announcements of further host keys.',
    fault: 'Queues any number of answers, and asks the server to prove each host key that it announces.',
    source:
      'RFC 4254 sections 4, 5.1 and 5.4; CVE-2025-26466 is of the same kind; lib/client.js `hostKeysProve`',
    need: 'safety',
    test: 'test/connect/floods.test.ts',
    members: {
      '_protocol._handlers.GLOBAL_REQUEST': 'function',
      '_protocol.requestSuccess': 'function',
      '_protocol.requestFailure': 'function',
      '_protocol.channelFailure': 'function',
      '_protocol.channelOpenConfirm': 'function',
      '_protocol.channelOpenFail': 'function',
      '_protocol.authInfoRes': 'function',
    },
    replaced: [
      '_protocol._handlers.GLOBAL_REQUEST',
      '_protocol.requestSuccess',
      '_protocol.requestFailure',
      '_protocol.channelFailure',
      '_protocol.channelOpenConfirm',
      '_protocol.channelOpenFail',
      '_protocol.authInfoRes',
    ],
  },
  'talk of a login': {
    use: 'Limits the signatures, prompts and banners of a login.',
    fault: 'Passes on any number of them.',
    source: 'RFC 4252 sections 5.4 and 7; RFC 4256 section 3.2',
    need: 'safety',
    test: 'test/connect/floods.test.ts',
    members: {
      '_protocol._handlers.USERAUTH_PK_OK': 'function',
      '_protocol._handlers.USERAUTH_INFO_REQUEST': 'function',
      '_protocol._handlers.USERAUTH_BANNER': 'function',
    },
    replaced: [
      '_protocol._handlers.USERAUTH_PK_OK',
      '_protocol._handlers.USERAUTH_INFO_REQUEST',
      '_protocol._handlers.USERAUTH_BANNER',
    ],
  },
  'inflated messages': {
    use: 'Ends the connection at a compressed message of more than 256 KiB when inflated.',
    fault: 'A packet of 35 kB may inflate to 36 MB, all at once.',
    source: 'RFC 4253 sections 6.1 and 6.2; lib/protocol/zlib.js',
    need: 'safety',
    test: 'test/wire/compression.test.ts',
    members: { '_protocol._packetRW.read.read': 'function' },
    replaced: ['_protocol._packetRW', '_packetRW.read._zlib._maxOutputLength'],
  },
  'unasked messages': {
    use: 'Limits messages that neither request nor answer anything, and requests that are refused.',
    fault: 'Ignores any number of them.',
    source: 'RFC 4253 section 11; RFC 4254 sections 4 and 5',
    need: 'safety',
    test: 'test/connect/floods.test.ts',
    members: {
      '_protocol._packetRW.read.read': 'function',
      '_chanMgr.get': 'function',
      _callbacks: 'object',
    },
    replaced: ['_protocol._packetRW', '_protocol._packetRW.read.read'],
    later: ['channel.incoming.state', 'channel.outgoing.window', 'channel._callbacks', 'channel._exit.code'],
  },
});
