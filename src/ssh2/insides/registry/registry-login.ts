import { table } from './inside.ts';

/** The rows of the registry for what is sent together with the login, or right behind it. */
export const loginInsides = table({
  'first channel': {
    use: 'Acknowledges, with an SSH_MSG_IGNORE, the host keys that OpenSSH announces after the login, and its answer to a session that nobody waits for yet.',
    fault: 'Sends nothing then: sshd holds back its next packet (Nagle) until TCP acknowledges by itself.',
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
    use: 'Sends the first login request right behind the service request, signature included.',
    fault: 'Waits for SERVICE_ACCEPT, and asks whether a key is acceptable before it signs.',
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
  'session behind the login': {
    use: 'Requests the first session right behind the first login request, only from OpenSSH; reads SSH_MSG_UNIMPLEMENTED.',
    fault: 'Opens channels only after the login: an additional round trip before the first command.',
    source:
      'RFC 4252 section 6; OpenSSH packet.c `ssh_packet_get_state`, dispatch.c `dispatch_protocol_error`',
    need: 'speed',
    figure: '1 round trip of 5 for a connection and its first command (test/interop/round-trips.test.ts)',
    test: 'test/connect/early-session.test.ts',
    members: {
      '_protocol.authPassword': 'function',
      '_protocol.authPK': 'function',
      '_protocol.authKeyboard': 'function',
      '_protocol.authNone': 'function',
      '_protocol._authsQueue': 'object',
      '_protocol._handlers.USERAUTH_SUCCESS': 'function',
      '_protocol._handlers.USERAUTH_FAILURE': 'function',
      '_protocol._packetRW.read.read': 'function',
    },
    replaced: [
      '_protocol.authPassword',
      '_protocol.authPK',
      '_protocol.authKeyboard',
      '_protocol.authNone',
      '_protocol._handlers.USERAUTH_SUCCESS',
      '_protocol._handlers.USERAUTH_FAILURE',
    ],
    later: ['_protocol._kexinit', '_protocol._kex.negotiated.cs.compress'],
  },
});
