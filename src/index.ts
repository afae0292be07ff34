/**
 * Connections through a gateway, and what runs over them: commands, jobs, files, forwards, tunnels.
 *
 * @module ssh-via-gateway
 */
export { type ConnectToCustomerOptions, connectToCustomer } from './connect-to-customer.ts';
export { connectViaGateway } from './connect-via-gateway.ts';
export type { Connection } from './connection.ts';
export { CustomersFileError } from './customers/error.ts';
export { loadCustomers } from './customers/load.ts';
export type { Customer, CustomerGateway, CustomerRoute, Customers } from './customers/types.ts';
export * from './errors/commands.ts';
export * from './errors/connecting.ts';
export {
  type Attempt,
  isSshError,
  type OutputSoFar,
  type Phase,
  type PhaseTimings,
  SshError,
  type WhyLost,
} from './errors/index.ts';
export * from './errors/jobs.ts';
export * from './errors/session.ts';
export * from './errors/timeouts.ts';
export type { Shell } from './exec/command-line/command-line.ts';
export { quote } from './exec/quote/index.ts';
export type { ShellEnd, ShellOptions, ShellSession } from './exec/shell/types.ts';
export type {
  BufferExecOptions,
  BufferPowerShellOptions,
  Command,
  CommandResult,
  Encoding,
  ExecOptions,
  PowerShellOptions,
  PtyOptions,
  TextExecOptions,
  TextPowerShellOptions,
} from './exec/types.ts';
export type * from './forward/types.ts';
export {
  type HostKeyNotOnRecord,
  type HostKeyOnRecord,
  type HostKeyVerdict,
  type LookupHostKeyOptions,
  lookupHostKey,
} from './host-key/known-hosts/lookup.ts';
export {
  type AirflowConnection,
  type FromAirflowConnectionOptions,
  fromAirflowConnection,
} from './interop/from-airflow-connection.ts';
export { type FromSshConfigOptions, fromSshConfig } from './interop/from-ssh-config.ts';
export {
  type SshConnectLogger,
  type SshConnectOptions,
  type SshInstance,
  sshConnect,
} from './interop/ssh-connect.ts';
export type { RemoveJobsOptions } from './job/list-jobs.ts';
export { jobId } from './job/make-job-id.ts';
export type { RemoteJob, SignalOption } from './job/remote-job.ts';
export type { BufferRunJobOptions, RunJobOptions, TextRunJobOptions } from './job/run/run-types.ts';
export type {
  AttachJobOptions,
  FollowedOutput,
  FollowOptions,
  InteractiveOptions,
  JobEnd,
  JobOffsets,
  JobOutput,
  JobStatus,
  JobSummary,
  JobsOptions,
  StartJobOptions,
} from './job/types.ts';
export { jobStatus } from './job-status.ts';
export type { ConnectTrace, ExecTrace } from './observe/tracing.ts';
export type {
  AlgorithmChanges,
  Algorithms,
  AuthorityOption,
  ConnectOptions,
  HostKeyInfo,
  HostKeyOption,
  KeepaliveOptions,
  KeyboardInteractive,
  KnownHostsOption,
  Log,
  LogRecord,
  Prompt,
  RetryOptions,
  RetryState,
  Timeouts,
  Via,
} from './options/types.ts';
export { endGatewayTunnel, keepReverseTunnel, listGatewayTunnels } from './reverse-tunnel.ts';
export { httpProxy } from './route/http-proxy.ts';
export { type JumpHostOptions, jumpHost } from './route/jump-host.ts';
export { proxyCommand } from './route/proxy-command.ts';
export { proxyFromEnvironment } from './route/proxy-from-environment.ts';
export type { HopConnection, Route, RouteContext, RoutedStream } from './route/route.ts';
export { socksProxy } from './route/socks-proxy.ts';
export { runJob } from './run-job.ts';
export type {
  RemoteListEntry,
  RemoteStats,
  SftpCallOptions,
  SftpClient,
} from './sftp/client/client-types.ts';
export type { SftpOptions } from './sftp/client/sftp-options.ts';
export type { ReadStreamOptions, WriteStreamOptions } from './sftp/client/streams.ts';
export type { FileType } from './sftp/names/file-mode.ts';
export type { TransferOptions, TransferResult } from './sftp/transfer/options.ts';
export type { TransferProgress } from './sftp/transfer/progress.ts';
export type { OpenOptions } from './ssh2/channels/link.ts';
export type { EndedTunnel } from './tunnel/list/end-tunnel.ts';
export type { GatewayTunnel, ListTunnelsOptions, TunnelVerdict } from './tunnel/list/list.ts';
export type {
  CheckResult,
  ReclaimEvidence,
  ReclaimOptions,
  ReclaimRefusal,
  ReverseTunnel,
  ReverseTunnelOptions,
  TunnelEvent,
  TunnelRetryOptions,
  TunnelState,
  TunnelStatus,
} from './tunnel/types.ts';
