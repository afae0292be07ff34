import { describe, expectTypeOf, it } from 'vitest';
import type {
  AttachJobOptions,
  BufferExecOptions,
  ConnectOptions,
  FollowOptions,
  JobsOptions,
  JumpHostOptions,
  KeepaliveOptions,
  KnownHostsOption,
  ListTunnelsOptions,
  LocalForwardOptions,
  OpenOptions,
  ReadStreamOptions,
  ReclaimOptions,
  RemoteForwardOptions,
  RemoveJobsOptions,
  RetryOptions,
  ReverseTunnelOptions,
  RunJobOptions,
  SftpCallOptions,
  SftpOptions,
  SignalOption,
  SshConnectOptions,
  StartJobOptions,
  TextExecOptions,
  TextPowerShellOptions,
  Timeouts,
  TransferOptions,
  TunnelRetryOptions,
  WriteStreamOptions,
} from '../../src/index.ts';

/** The optional options of `T` that do not take `undefined`. */
type Closed<T> = T extends unknown
  ? {
      [K in keyof T]-?: Record<never, never> extends Pick<T, K>
        ? undefined extends Required<T>[K]
          ? never
          : K
        : never;
    }[keyof T]
  : never;

describe('an optional option', () => {
  it('may be undefined, also with exactOptionalPropertyTypes', () => {
    expectTypeOf<Closed<ConnectOptions>>().toBeNever();
    expectTypeOf<Closed<KnownHostsOption>>().toBeNever();
    expectTypeOf<Closed<Timeouts>>().toBeNever();
    expectTypeOf<Closed<RetryOptions>>().toBeNever();
    expectTypeOf<Closed<KeepaliveOptions>>().toBeNever();
    expectTypeOf<Closed<JumpHostOptions>>().toBeNever();
    expectTypeOf<Closed<TextExecOptions>>().toBeNever();
    expectTypeOf<Closed<BufferExecOptions>>().toBeNever();
    expectTypeOf<Closed<TextPowerShellOptions>>().toBeNever();
    expectTypeOf<Closed<JobsOptions>>().toBeNever();
    expectTypeOf<Closed<AttachJobOptions>>().toBeNever();
    expectTypeOf<Closed<StartJobOptions>>().toBeNever();
    expectTypeOf<Closed<RunJobOptions>>().toBeNever();
    expectTypeOf<Closed<RemoveJobsOptions>>().toBeNever();
    expectTypeOf<Closed<FollowOptions>>().toBeNever();
    expectTypeOf<Closed<SignalOption>>().toBeNever();
    expectTypeOf<Closed<TransferOptions>>().toBeNever();
    expectTypeOf<Closed<SftpOptions>>().toBeNever();
    expectTypeOf<Closed<SftpCallOptions>>().toBeNever();
    expectTypeOf<Closed<ReadStreamOptions>>().toBeNever();
    expectTypeOf<Closed<WriteStreamOptions>>().toBeNever();
    expectTypeOf<Closed<LocalForwardOptions>>().toBeNever();
    expectTypeOf<Closed<RemoteForwardOptions>>().toBeNever();
    expectTypeOf<Closed<OpenOptions>>().toBeNever();
    expectTypeOf<Closed<ReverseTunnelOptions>>().toBeNever();
    expectTypeOf<Closed<ReclaimOptions>>().toBeNever();
    expectTypeOf<Closed<TunnelRetryOptions>>().toBeNever();
    expectTypeOf<Closed<ListTunnelsOptions>>().toBeNever();
    expectTypeOf<Closed<SshConnectOptions>>().toBeNever();
  });

  it('is detected if it may not', () => {
    expectTypeOf<Closed<{ a: number; b?: number }>>().toEqualTypeOf<'b'>();
  });
});
