import { anything, type Names, type Spec } from '../check-names.ts';
import { opNames } from '../sftp/requests.ts';
import type {
  AuthFaults,
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

const close: Spec = { words: ['fin', 'rst'] };
const moment: Names<FaultMoment> = {
  phase: { words: ['accept', 'ident', 'kex', 'auth', 'ready', 'channel', 'exec', 'sftp'] },
  afterMs: anything,
};
const cut: Names<CutFault> = {
  direction: { words: ['toClient', 'toServer'] },
  atByte: anything,
  how: { words: ['fin', 'rst', 'freeze'] },
};
const handshake: Names<HandshakeFaults> = {
  closeInKex: close,
  hang: anything,
  hostKeyChangesAtRekey: anything,
};
const auth: Names<AuthFaults> = {
  delayMs: anything,
  refuse: anything,
  hang: anything,
  disconnect: { words: ['fin', 'rst', 'message'] },
};
const channel: Names<ChannelFaults> = {
  refuse: anything,
  reason: anything,
  text: anything,
  hang: anything,
  secondSession: close,
};
const exec: Names<ExecFaults> = {
  noExitStatus: anything,
  exitBeforeData: anything,
  hang: anything,
  closeEarly: anything,
  unlimitedOutput: anything,
  refuse: anything,
};
const job: Names<JobFaults> = { lost: anything, accessFailed: anything };
const disconnect: Names<DisconnectFault> = { ...moment, code: anything, message: anything };
const op: Spec = { words: Object.values(opNames) };
const sftp: Names<SftpFaults> = {
  lieNames: anything,
  lieSize: anything,
  endlessReaddir: anything,
  duplicateReplies: anything,
  unaskedReplies: anything,
  shortReads: anything,
  shortWrites: anything,
  failOp: { names: { op, status: anything, nth: anything, message: anything } },
  hangOp: { names: { op, nth: anything } },
  symlinkLoop: anything,
  hugeName: anything,
  noVersion: anything,
  statWithoutSize: anything,
  refuseSetstat: anything,
  noLimits: anything,
  garbagePacket: anything,
};
const banner: Spec = {
  words: ['mute'],
  names: {
    delayMs: anything,
    splitBytes: anything,
    intervalMs: anything,
    garbage: anything,
    thenClose: anything,
    close,
    afterMs: anything,
    preLines: anything,
    endless: anything,
  },
};
const faults: Names<Faults> = {
  connections: anything,
  skip: anything,
  banner,
  cut: { names: cut },
  freeze: { names: moment },
  handshake: { names: handshake },
  auth: { names: auth },
  channel: { names: channel },
  keepalive: { words: ['ignore'] },
  exec: { names: exec },
  job: { names: job },
  window: { words: ['dropped', 'exceeded'] },
  disconnect: { names: disconnect },
  throttle: { names: { bytesPerSecond: anything } },
  latencyMs: anything,
  sftp: { names: sftp },
};

export const faultsSpec: Spec = { names: faults };
