import { type Checks, object, required } from '../../check/options.ts';
import {
  atLeast,
  between,
  type Check,
  callback,
  each,
  flag,
  kinds,
  limit,
  ms,
  oneOf,
  orInfinity,
  position,
  string,
  stringOrBytes,
  whole,
} from '../../check/values.ts';
import { opNames } from '../sftp/requests.ts';
import type {
  AuthFaults,
  BannerFault,
  ChannelFaults,
  CutFault,
  DisconnectFault,
  ExecFaults,
  FaultMoment,
  Faults,
  HandshakeFaults,
  JobFaults,
  SftpFaults,
} from './fault-types.ts';

const close = oneOf('fin', 'rst');
const times = orInfinity(atLeast(0));
const code = whole(0, 0xff_ff_ff_ff);

const moment: Checks<FaultMoment> = {
  phase: oneOf('accept', 'ident', 'kex', 'auth', 'ready', 'channel', 'exec', 'sftp'),
  afterMs: limit(0),
};
const cut: Checks<CutFault> = {
  direction: required(oneOf('toClient', 'toServer')),
  atByte: required(position),
  how: required(oneOf('fin', 'rst', 'freeze')),
};
const handshake: Checks<HandshakeFaults> = { closeInKex: close, hang: flag, hostKeyChangesAtRekey: flag };
const auth: Checks<AuthFaults> = {
  delayMs: limit(0),
  refuse: flag,
  hang: flag,
  disconnect: oneOf('fin', 'rst', 'message'),
};
const channel: Checks<ChannelFaults> = {
  refuse: kinds({ boolean: flag, number: times }, 'true, false or a number of channels'),
  reason: code,
  text: string,
  hang: flag,
  secondSession: close,
};
const exec: Checks<ExecFaults> = {
  noExitStatus: flag,
  exitBeforeData: flag,
  hang: flag,
  closeEarly: flag,
  unlimitedOutput: flag,
  refuse: flag,
  closeUnanswered: flag,
};
const job: Checks<JobFaults> = {
  lost: flag,
  accessFailed: kinds({ boolean: flag, string }, 'true, false or what the system says'),
};
const disconnect: Checks<DisconnectFault> = { ...moment, code, message: string };
const op = required(oneOf(...Object.values(opNames)));
const nth = atLeast(1);
const sftp: Checks<SftpFaults> = {
  lieNames: each(stringOrBytes, 'an array of names'),
  lieSize: kinds(
    { number: between(0, Number.MAX_VALUE), function: callback },
    'a number of bytes or a function',
  ),
  endlessReaddir: flag,
  duplicateReplies: flag,
  unaskedReplies: flag,
  shortReads: atLeast(1, 'a number of bytes'),
  shortWrites: atLeast(1, 'a number of bytes'),
  writesInOrder: oneOf('refuse', 'spoil'),
  failOp: object<NonNullable<SftpFaults['failOp']>>({ op, status: code, nth, message: string }),
  hangOp: object<NonNullable<SftpFaults['hangOp']>>({ op, nth }),
  symlinkLoop: flag,
  hugeName: flag,
  noVersion: flag,
  statWithoutSize: flag,
  refuseSetstat: flag,
  noLimits: flag,
  garbagePacket: flag,
};
const banner: Checks<Exclude<BannerFault, string>> = {
  delayMs: limit(0),
  splitBytes: atLeast(1, 'a number of bytes'),
  intervalMs: ms(0),
  garbage: stringOrBytes,
  thenClose: flag,
  close,
  afterMs: limit(0),
  preLines: each(string, 'an array of lines'),
  endless: flag,
};
const rate = atLeast(1, 'a number of bytes');
const faults: Checks<Faults> = {
  connections: times,
  skip: times,
  banner: kinds({ string: oneOf('mute'), object: object(banner) }, "'mute' or an object"),
  cut: object(cut),
  freeze: object(moment),
  handshake: object(handshake),
  auth: object(auth),
  channel: object(channel),
  keepalive: oneOf('ignore'),
  exec: object(exec),
  job: object(job),
  window: oneOf('dropped', 'exceeded'),
  disconnect: object(disconnect),
  throttle: object<NonNullable<Faults['throttle']>>({ bytesPerSecond: required(rate) }),
  latencyMs: ms(0),
  sftp: object(sftp),
};

/** If a misspelt fault were ignored, the test would pass and prove nothing. */
export const faultsCheck: Check = object(faults);
