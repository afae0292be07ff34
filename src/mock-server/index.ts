/**
 * SSH servers and gateways in this process, with faults as data, for tests: `ssh-via-gateway/mock-server`.
 *
 * @module mock-server
 */
export type {
  AuthFaults,
  BannerFault,
  ChannelFaults,
  CloseHow,
  CutFault,
  CutHow,
  DisconnectFault,
  ExecFaults,
  FaultMoment,
  FaultPhase,
  Faults,
  HandshakeFaults,
  JobFaults,
  SftpFaults,
  SftpOp,
} from './faults/fault-types.ts';
export { startMockGateway } from './gateway/gateway.ts';
export type {
  MockGateway,
  MockGatewayOptions,
  MockPc,
  MockPcOptions,
} from './gateway/gateway-types.ts';
export type { JournalBase, JournalEntry, JournalEvent } from './journal.ts';
export type { SftpExtension } from './sftp/extensions.ts';
export type { MockFiles, MockShare } from './sftp/files/mock-files.ts';
export { startMockServer } from './start-mock-server.ts';
export type {
  ExecContext,
  ExecHandler,
  ExecResult,
  MockAlgorithms,
  MockAuthMethod,
  MockCommand,
  MockHostKey,
  MockKeyPair,
  MockPty,
  MockServer,
  MockServerOptions,
  MockUser,
  MockWindowsVersion,
  ShellContext,
  WindowsPersonality,
} from './types.ts';
