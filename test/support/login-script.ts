import { payload, type RawConnection, uint32 } from './raw-server.ts';

/** What a scripted server does; each may be replaced, to misbehave. */
export interface LoginScript {
  /** Answers the nth login request, counted from 1, when `decide` says so; sshd reads nothing before. Default: success. */
  login?(server: RawConnection, count: number): void;
  /** Answers the nth request for a channel; `isEarly` if it came before the success. Default: confirms it in its turn. */
  open?(server: RawConnection, channel: number, count: number, isEarly: boolean): void;
}

export const success = payload(52);
export const failure = payload(51, 'publickey,password', false);
export const unimplemented = Buffer.concat([Buffer.from([3]), uint32(9)]);
/** The server's number of a channel is ours and this: who mixes them up asks for a channel that does not exist. */
const odd = 7_000;

/** RFC 4254 section 5.1. */
export const confirmation = (channel: number) => payload(91, channel, channel + odd, 2 ** 20, 32_768);
export const refusal = (channel: number, reason = 2) => payload(92, channel, reason, 'open failed', '');

/** A server that logs in, opens sessions and runs each command without output, unless the script says otherwise. */
export function follow(script: LoginScript = {}) {
  const states = new WeakMap<
    RawConnection,
    { logins: number; opens: number; isIn: boolean; held: number[] }
  >();
  const stateOf = (server: RawConnection) => {
    const state = states.get(server) ?? { logins: 0, opens: 0, isIn: false, held: [] };
    states.set(server, state);
    return state;
  };
  return (server: RawConnection, message: Buffer): void => {
    const state = stateOf(server);
    const type = message[0];
    if (type === 5) server.send(payload(6, 'ssh-userauth'));
    if (type === 50) {
      state.logins++;
      const { logins } = state;
      // What comes behind the request has arrived by then.
      setTimeout(() => {
        const before = server.sent.length;
        if (script.login) script.login(server, logins);
        else server.send(success);
        const answers = server.sent.slice(before);
        state.isIn ||= answers.includes(52);
        for (const channel of state.held.splice(0)) {
          if (script.open) continue;
          if (answers.includes(52)) server.send(confirmation(channel));
          else server.send(unimplemented);
        }
      }, 20);
    }
    if (type === 90) {
      const channel = message.readUInt32BE(5 + message.readUInt32BE(1));
      state.opens++;
      if (script.open) script.open(server, channel, state.opens, !state.isIn);
      else if (state.isIn) server.send(confirmation(channel));
      else state.held.push(channel);
    }
    if (type === 98) run(server, message.readUInt32BE(1) - odd);
    if (type === 97) server.send(payload(97, message.readUInt32BE(1) - odd));
  };
}

function run(server: RawConnection, channel: number): void {
  server.send(payload(99, channel));
  server.send(payload(98, channel, 'exit-status', false, 0));
  server.send(payload(97, channel));
}
