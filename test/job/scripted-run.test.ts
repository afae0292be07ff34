import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ChannelOpenFailed,
  ChannelTimeout,
  ConnectionLost,
  JobAccessFailed,
} from '../../src/errors/index.ts';
import type { StartRequest } from '../../src/job/host/commands.ts';
import type { JobRecord } from '../../src/job/host/record.ts';
import { JobRun } from '../../src/job/run/job-run.ts';
import type { RunJobOptions } from '../../src/job/run/run-types.ts';
import type { HostRunOptions } from '../../src/job/types.ts';
import type { ConnectOptions, LogRecord } from '../../src/options/types.ts';

// The commands are their own names here, and what the server answers is a script: so every step can be counted.
vi.mock('../../src/job/posix/index.ts', () => {
  const read = ({ answer }: { answer?: unknown }) => answer;
  return {
    posixCommands: () => ({
      start: ({ fingerprint }: StartRequest) => ({ line: `start ${fingerprint}`, read }),
      look: (_id: string, from?: object, waitMs?: number) => ({
        line: from ? `look ${Object.values(from)} ${waitMs}` : 'find',
        read,
      }),
      kill: (_id: string, graceMs: number) => ({ line: `kill ${graceMs}`, read }),
      remove: () => ({ line: 'remove', read }),
    }),
  };
});

type Step = (line: string, options: HostRunOptions) => unknown;

const place = { phase: 'command', host: 'pc', port: 22 } as const;
const lost = (retryable = true) =>
  new ConnectionLost('the tunnel broke', { ...place, why: 'socket', retryable });
/** Of the start; a later look finds that job. */
let fingerprint = '';
const fingerprintOf = (line: string) => {
  fingerprint = line.split(' ')[1] ?? fingerprint;
  return fingerprint;
};

function recordOf(changes: Partial<JobRecord> = {}, fingerprint = ''): JobRecord {
  const claim = { pid: 1, start: '1', boot: 'b', fingerprint, at: 1_000, flags: '', id: 'job' };
  return {
    claim,
    alive: true,
    exit: undefined,
    killed: undefined,
    stdoutSize: 0,
    stderrSize: 0,
    now: 1_000,
    ...changes,
  };
}

const started: Step = (line) => ({
  record: recordOf({}, fingerprintOf(line)),
  isNew: true,
  failure: undefined,
});
/** What a look brings, behind what it has asked from. */
const wrote = (stdout = '', stderr = '', changes: Partial<JobRecord> = {}): Step => {
  return (line) => {
    const [out = 0, err = 0] = /[\d,]+/.exec(line)?.[0].split(',').map(Number) ?? [];
    return {
      record: recordOf({ stdoutSize: out + stdout.length, stderrSize: err + stderr.length, ...changes }),
      stdout: Buffer.from(stdout),
      stderr: Buffer.from(stderr),
    };
  };
};
const nothing = (ageMs = 0) => wrote('', '', { now: 1_000 + ageMs });
const exited = (code = 0, changes: Partial<JobRecord> = {}) =>
  wrote('', '', { alive: false, exit: { code, at: 2_000, signal: undefined }, ...changes });
const done = exited();
const fails = (error: Error): Step => {
  return () => {
    throw error;
  };
};
const later = (ms: number, step: Step): Step => {
  return async (line, options) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return step(line, options);
  };
};
/** Never answers, but hears of an abort. */
const hangs: Step = (_line, { signal }) =>
  new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));

/** Each connection has its steps; what was asked, and when, is kept. */
function server(...connections: Array<readonly Step[] | Error>) {
  const asked: string[] = [];
  const opened: number[] = [];
  const closed: number[] = [];
  const connect = async () => {
    const number = opened.push(Date.now());
    const steps = connections[number - 1] ?? [];
    if (steps instanceof Error) throw steps;
    const script = [...steps];
    return {
      jobHost: {
        windows: false,
        where: { host: 'pc', port: 22 },
        run: async (line: string, options: HostRunOptions) => {
          asked.push(line);
          const step = script.shift();
          if (!step) throw new Error(`nobody expected "${line}" on connection ${number}`);
          const answer = await step(line, options);
          return { exitCode: 0, signal: null, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), answer };
        },
      },
      close: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        closed.push(number);
      },
    };
  };
  return {
    asked,
    opened,
    closed,
    logged: [] as LogRecord[],
    /** Milliseconds from each connection to the next. */
    get gaps() {
      return opened.slice(1).map((at, index) => at - (opened[index] ?? 0));
    },
    /** The words of all questions but the start's fingerprint. */
    get words() {
      return asked.map((line) => line.split(' ')[0]);
    },
    run(
      options: Partial<RunJobOptions> = {},
      connectOptions: Partial<ConnectOptions> = {},
      beforeConnect = async () => {},
    ) {
      const all = {
        host: 'pc',
        username: 'kim',
        log: (record: LogRecord) => this.logged.push(record),
        ...connectOptions,
      };
      const slowly = async () => {
        await beforeConnect();
        return connect();
      };
      const job = new JobRun(slowly, all as ConnectOptions, 'rpa.exe', {
        id: 'job',
        ...options,
      } as RunJobOptions);
      return job.run();
    },
  };
}

const failure = async (promise: Promise<unknown>) => {
  const [result] = await Promise.allSettled([promise]);
  if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(Error);
  return result.status === 'rejected' ? result.reason : 'resolved';
};

beforeEach(() => {
  vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** Lets the time pass that the run needs, and no more. */
async function finish<T>(run: Promise<T>): Promise<T> {
  run.catch(() => {});
  let isOver = false;
  run.finally(() => (isOver = true)).catch(() => {});
  for (let turn = 0; !isOver && turn < 20_000; turn++) {
    await vi.advanceTimersByTimeAsync(0);
    if (!isOver) await vi.advanceTimersToNextTimerAsync();
  }
  // What is not waited for is done now.
  await new Promise((resolve) => setImmediate(resolve));
  return run;
}

describe('a run', () => {
  it('polls, waits and closes no more often than necessary', async () => {
    const pc = server([started, wrote('a'), nothing(), done]);
    const run = finish(
      pc.run({ pollInterval: 1_000 }).then((result) => ({ ...result, closed: pc.closed.length })),
    );
    expect(await run).toMatchObject({
      stdout: 'a',
      stderr: '',
      exitCode: 0,
      command: 'rpa.exe',
      durationMs: 1_000,
      // When it resolves.
      closed: 1,
    });
    expect(pc.words).toEqual(['start', 'look', 'look', 'look']);
    expect(pc.asked.slice(1)).toEqual(['look 0,0 undefined', 'look 1,0 undefined', 'look 1,0 undefined']);
    expect(pc.opened).toHaveLength(1);
    expect(pc.logged).toEqual([]);
  });

  it('polls again at once while more is available, otherwise at its poll interval', async () => {
    const mebibyte = 'x'.repeat(1_048_576);
    const pc = server([started, wrote(mebibyte, '', { stdoutSize: 2_000_000 }), wrote('y'), nothing(), done]);
    const times: number[] = [];
    await finish(pc.run({ pollInterval: 1_000, maxBuffer: 0, onOutput: () => void times.push(Date.now()) }));
    expect(times).toEqual([0, 0]);
    // 200 ms after output, 200 after nothing, by the pace.
    expect(Date.now()).toBe(400);
  });

  it('passes on only non-empty pieces, each stream to its own callback', async () => {
    const pc = server([started, wrote('out'), wrote('', 'err'), nothing(), wrote('o', 'e'), done]);
    const pieces: string[] = [];
    await finish(
      pc.run({
        onOutput: (text: string | Buffer) => void pieces.push(`1${text}`),
        onErrorOutput: (text: string | Buffer) => void pieces.push(`2${text}`),
      } as Partial<RunJobOptions>),
    );
    expect(pieces).toEqual(['1out', '2err', '1o', '2e']);
  });

  it('waits for each callback before the next, and before it polls again', async () => {
    const pc = server([started, wrote('out', 'err'), done]);
    const steps: string[] = [];
    const slow = async (text: string | Buffer) => {
      steps.push(`begins ${text}`);
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      steps.push(`ends ${text}, ${pc.asked.length} asked`);
    };
    await finish(pc.run({ onOutput: slow, onErrorOutput: slow }));
    expect(steps).toEqual(['begins out', 'ends out, 2 asked', 'begins err', 'ends err, 2 asked']);
  });

  it.each([
    ['stdout', 'o', ''],
    ['stderr', '', 'e'],
    ['both', 'oo', 'ee'],
  ])('polls faster after output on %s', async (_where, stdout, stderr) => {
    const looks = [nothing(), nothing(), nothing(), wrote(stdout, stderr), nothing()];
    const pc = server([started, ...looks, done]);
    await finish(pc.run({ pollInterval: 10_000 }));
    // Half as long again after each look that brings nothing, and half of that after one that brings something.
    expect(Date.now()).toBe(200 + 300 + 450 + 337 + 337);
  });

  it.each([
    ['true', true, 0, 0],
    ['the default', undefined, 0, 0],
    ['false, after a success', false, 0, 1],
    ['false, after a failure', false, 3, 1],
    ["'succeeded', after a success", 'succeeded', 0, 0],
    ["'succeeded', after a failure", 'succeeded', 3, 1],
  ] as const)('removes the folder as `keep` says: %s', async (_name, keep, code, removals) => {
    const pc = server([started, exited(code), () => 'removed']);
    await finish(pc.run({ reject: false, ...(keep === undefined ? {} : { keep }) }));
    expect(pc.words.filter((word) => word === 'remove')).toHaveLength(removals);
  });

  it('resolves even if the folder could not be removed', async () => {
    const late: Step = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      throw lost();
    };
    const pc = server([started, done, late]);
    expect(await finish(pc.run({ keep: false }))).toMatchObject({ exitCode: 0 });
    // Waited for: the folder is gone when runJob says so.
    expect(Date.now()).toBe(50);
    expect(pc.opened).toHaveLength(1);
  });
});

describe('a lost connection', () => {
  it('is replaced after growing waits, from login to login; the position is kept', async () => {
    const pc = server(
      [started, wrote('ab'), fails(lost())],
      [fails(lost())],
      [fails(lost())],
      [started, wrote('c'), done],
    );
    const run = pc.run({ pollInterval: 200 }, { retry: { minDelay: 500, jitter: 0 } });
    expect(await finish(run)).toMatchObject({ stdout: 'abc' });
    expect(pc.gaps).toEqual([500, 500, 1_000]);
    expect(pc.asked.filter((line) => line.startsWith('look'))).toEqual([
      'look 0,0 undefined',
      'look 2,0 undefined',
      'look 2,0 undefined',
      'look 3,0 undefined',
    ]);
    expect(pc.closed).toEqual(expect.arrayContaining([1, 2, 3, 4]));
    expect(pc.logged).toHaveLength(3);
    expect(pc.logged[0]).toMatchObject({
      level: 'warn',
      event: 'job-link-lost',
      host: 'pc',
      port: 22,
      code: 'SSH_CONNECTION_LOST',
    });
  });

  it('that had lived longer than the wait is replaced at once', async () => {
    const pc = server([started, later(500, fails(lost()))], [started, done]);
    await finish(pc.run({}, { retry: { minDelay: 500, jitter: 0 } }));
    expect(pc.gaps).toEqual([500]);
  });

  it('waits as `retry` says by default', async () => {
    const pc = server([started, fails(lost())], [started, done]);
    await finish(pc.run());
    expect(pc.gaps[0]).toBeGreaterThanOrEqual(1_800);
    expect(pc.gaps[0]).toBeLessThanOrEqual(2_200);
  });

  it.each([
    ['output', [wrote('x')]],
    ['output on stderr', [wrote('', 'x')]],
  ])('begins anew after each that brought %s, but still waits', async (_what, looks) => {
    const one = [started, ...looks, fails(lost())];
    const pc = server(...Array.from({ length: 30 }, () => one), [started, done]);
    await finish(pc.run({ pollInterval: 200 }, { retry: { attempts: 3, minDelay: 700, jitter: 0 } }));
    expect(pc.gaps).toEqual(Array.from({ length: 30 }, () => 700));
  });

  it('goes on for hours where each lives for a while, however quiet the job is', async () => {
    const one = [started, later(10_000, fails(lost()))];
    const pc = server(...Array.from({ length: 300 }, () => one), [started, done]);
    await finish(pc.run({}, { retry: { attempts: 3, jitter: 0 } }));
    expect(pc.gaps).toEqual(Array.from({ length: 300 }, () => 10_000));
  });

  it.each([
    ['is let in and answered, but told nothing new', [started, nothing(), fails(lost())]],
    ['finds the job, and no more', [started, fails(lost())]],
    ['lives nearly ten seconds', [started, later(9_999, fails(lost()))]],
    ['lives long, and is never answered', [later(120_000, fails(lost()))]],
    ['is not answered at all', [fails(lost())]],
  ])('is final when one after another %s', async (_what, one) => {
    const first = [started, wrote('x'), fails(lost())];
    const pc = server(first, ...Array.from({ length: 30 }, () => one), [started, done]);
    const retry = { attempts: 5, minDelay: 1_000, maxDelay: 4_000, jitter: 0 };
    const error = await failure(finish(pc.run({}, { retry })));
    expect(error).toMatchObject({
      code: 'SSH_CONNECTION_LOST',
      message:
        '5 connections in a row to pc:22 brought nothing new of job job; the last one: ' +
        error.cause.message,
    });
    expect(pc.opened).toHaveLength(1 + 5);
    for (const [index, least] of [1_000, 1_000, 2_000, 4_000, 4_000].entries())
      expect(pc.gaps[index]).toBeGreaterThanOrEqual(least);
  });

  it.each([
    [{}, 10],
    [{ retry: {} }, 10],
    [{ retry: { attempts: 1 } }, 3],
    [{ retry: { attempts: 6 } }, 6],
    [{ retry: false }, 3],
  ] as const)('is final after as many without an answer as `retry` allows: %j', async (options, patience) => {
    const error = lost();
    const pc = server(...Array.from({ length: 30 }, () => [fails(error)]));
    const failed = await failure(finish(pc.run({}, options)));
    expect(failed).toMatchObject({
      code: 'SSH_CONNECTION_LOST',
      retryable: true,
      why: 'socket',
      hint: expect.stringContaining('call again with the same id'),
    });
    expect(failed.cause).toMatchObject({ hint: expect.stringContaining('A job does not end') });
    expect(failed.attempts).toHaveLength(patience);
    const waits = failed.attempts.map(({ wait }: { wait: number }) => wait);
    expect(failed.attempts[1]).toEqual({
      attempt: 2,
      code: 'SSH_CONNECTION_LOST',
      phase: 'command',
      message: failed.cause.message,
      timings: { total: 0 },
      wait: pc.gaps[1],
    });
    // None after the last.
    expect([...pc.gaps, 0]).toEqual(waits);
    expect(pc.opened).toHaveLength(patience);
    expect(pc.logged).toHaveLength(patience - 1);
    expect(Math.max(...pc.gaps)).toBeLessThanOrEqual(60_000);
  });

  it('keeps the kind of its error when it is final', async () => {
    const down = new JobAccessFailed('down', { ...place, id: 'job', reason: 'down', retryable: true });
    const pc = server(...Array.from({ length: 3 }, () => [fails(down)]));
    const failed = await failure(finish(pc.run({}, { retry: false })));
    expect(failed).toBeInstanceOf(JobAccessFailed);
    expect(failed).toMatchObject({ id: 'job', reason: 'down', cause: down });
  });

  it.each([
    ['a lost connection', lost(), true],
    ['a channel that is not answered', new ChannelTimeout('late', { ...place, timeoutMs: 5 }), true],
    ['a channel that is refused', new ChannelOpenFailed('no', place), true],
    [
      'a server that is going down',
      new JobAccessFailed('down', { ...place, id: 'job', reason: 'down', retryable: true }),
      true,
    ],
    ['a full disk', new JobAccessFailed('full', { ...place, id: 'job', reason: 'full' }), false],
    ['what nobody knows', new Error('other'), false],
  ])('is recognized by its error: %s', async (_name, error, passes) => {
    const pc = server([fails(error)], [started, done]);
    const result = await failure(finish(pc.run()));
    expect(result === 'resolved').toBe(passes);
    expect(pc.opened).toHaveLength(passes ? 2 : 1);
  });

  it('is not replaced after a permanent connect error', async () => {
    const refused = new Error('refused');
    const pc = server([started, fails(lost())], refused);
    expect(await failure(finish(pc.run()))).toBe(refused);
    expect(pc.opened).toHaveLength(2);
  });

  it('is not assumed for the error of a callback, whatever it looks like', async () => {
    const own = lost();
    const pc = server([started, wrote('a')], [started, done]);
    const onOutput = () => {
      throw own;
    };
    expect(await failure(finish(pc.run({ onOutput })))).toBe(own);
    expect(pc.opened).toHaveLength(1);
  });
});

describe('the timeout of a job', () => {
  it("counts by the server's clock, and the job is ended with what it wrote", async () => {
    const killed = { alive: false, killed: 'KILL', now: 6_000 };
    const pc = server([started, wrote('a'), nothing(5_000), () => recordOf(killed), wrote('b', '', killed)]);
    const error = await failure(finish(pc.run({ timeout: 5_000, pollInterval: 1_000 })));
    expect(error).toMatchObject({
      code: 'SSH_COMMAND_TIMEOUT',
      timeoutMs: 5_000,
      stdout: 'ab',
      terminated: true,
      durationMs: 5_000,
      host: 'pc',
    });
    expect(pc.asked.slice(-2)).toEqual(['kill 2000', 'look 1,0 undefined']);
  });

  it('reports a job that could not be ended as running, and keeps its output if no more can be read', async () => {
    const pc = server([started, wrote('a', '', { now: 9_000 }), () => recordOf(), fails(lost())]);
    const error = await failure(finish(pc.run({ timeout: 5_000 })));
    expect(error).toMatchObject({ code: 'SSH_COMMAND_TIMEOUT', stdout: 'a', terminated: false });
  });

  it('limits the wait for the next poll', async () => {
    const pc = server([
      started,
      nothing(0),
      nothing(100),
      () => recordOf({ alive: false, killed: 'KILL' }),
      nothing(100),
    ]);
    await failure(finish(pc.run({ timeout: 100, pollInterval: 60_000 })));
    expect(Date.now()).toBe(100);
  });

  it('is enforced by the local clock, with some delay, if the server cannot be reached', async () => {
    const pc = server([started, nothing(0), hangs]);
    const error = await failure(finish(pc.run({ timeout: 1_000 })));
    expect(error).toMatchObject({ code: 'SSH_COMMAND_TIMEOUT', terminated: 'unknown', host: 'pc', port: 22 });
    expect(error.message).toMatch(
      /^The job job \("rpa.exe"\) on pc:22 has had its 1000 ms .* the server did not answer$/,
    );
    expect(error.cause).toBeUndefined();
    expect(Date.now()).toBe(11_000);
    expect(pc.closed).toContain(1);
  });

  it('says that the server could not be reached, and why', async () => {
    const error = lost();
    const pc = server(
      [started, wrote('a'), fails(error)],
      ...Array.from({ length: 9 }, () => [fails(lost())]),
    );
    const failed = await failure(finish(pc.run({ timeout: 1_000 })));
    expect(failed.message).toMatch(/ the server could not be reached: The connection to pc:22 was lost /);
    expect(failed.hint).toMatch(/nobody could end it\. Once the server can be reached, jobStatus\(\) tells/);
    expect(failed).toMatchObject({
      terminated: 'unknown',
      cause: { code: 'SSH_CONNECTION_LOST' },
      stdout: 'a',
    });
  });

  it('does not blame a connection that was replaced', async () => {
    const pc = server([started, fails(lost())], [started, nothing(), hangs]);
    const error = await failure(finish(pc.run({ timeout: 20_000 })));
    expect(error).toMatchObject({ terminated: 'unknown' });
    expect(error.cause).toBeUndefined();
  });

  it('speaks of no server out of reach where the job was ended', async () => {
    const killed = { alive: false, killed: 'KILL', now: 6_000 };
    const pc = server([started, nothing(5_000), () => recordOf(killed), fails(lost())]);
    const error = await failure(finish(pc.run({ timeout: 5_000 })));
    expect(error).toMatchObject({ terminated: true });
    expect(error.cause).toBeUndefined();
    expect(error.message).toMatch(/ and was ended$/);
    const deaf = server([started, nothing(5_000), () => recordOf(), nothing(5_000)]);
    const failed = await failure(finish(deaf.run({ timeout: 5_000 })));
    expect(failed.message).toMatch(/ could not be ended: it is still running$/);
    expect(failed.hint).toMatch(/^It was told to end/);
  });

  const unanswered: Array<[string, Array<readonly Step[]>]> = [
    ['is not answered', [[hangs]]],
    ['is cut off', [[fails(lost())], [hangs]]],
    ['is cut off again and again', Array.from({ length: 100 }, () => [fails(lost())])],
    ['is confirmed, and no more', [[started, fails(lost())], [hangs]]],
  ];
  it.each(unanswered)('counts from the first request where that %s', async (_what, connections) => {
    for (const killOnAbort of [false, true]) {
      const pc = server(...connections);
      const startedAt = Date.now();
      const retry = { attempts: Number.POSITIVE_INFINITY, jitter: 0 };
      const error = await failure(finish(pc.run({ timeout: 5_000, killOnAbort }, { retry })));
      expect(error).toMatchObject({ code: 'SSH_COMMAND_TIMEOUT', terminated: 'unknown', timeoutMs: 5_000 });
      expect(Date.now() - startedAt).toBe(15_000);
    }
  });

  it("gives the server's clock its due once it is known", async () => {
    const killed = { alive: false, killed: 'KILL', now: 6_000 };
    const looks = [nothing(0), later(5_000, nothing(5_000)), () => recordOf(killed), wrote('', '', killed)];
    const pc = server([later(14_000, started), ...looks]);
    const error = await failure(finish(pc.run({ timeout: 5_000, pollInterval: 2_500 })));
    expect(error).toMatchObject({ code: 'SSH_COMMAND_TIMEOUT', terminated: true });
  });

  it('does not count before anything was asked for', async () => {
    const pc = server([started, done]);
    await finish(pc.run({ timeout: 5_000 }, {}, () => new Promise((resolve) => setTimeout(resolve, 60_000))));
    expect(pc.words).toEqual(['start', 'look']);
  });
});

describe('an abort', () => {
  const abortAt = (ms: number) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), ms);
    return controller.signal;
  };

  it('leaves the job running and closes the connection', async () => {
    const pc = server([started, nothing(), hangs]);
    const error = await failure(finish(pc.run({ signal: abortAt(1_000) })));
    expect(error).toMatchObject({ message: 'enough' });
    expect(pc.words).not.toContain('kill');
    expect(pc.closed).toEqual([1]);
    expect(Date.now()).toBe(1_000);
  });

  it('between two connections ends the wait', async () => {
    const pc = server(...Array.from({ length: 9 }, () => [fails(lost())]));
    const retry = { minDelay: 500, jitter: 0 };
    const error = await failure(finish(pc.run({ signal: abortAt(600) }, { retry })));
    expect(pc.opened).toHaveLength(2);
    expect(error).toMatchObject({ message: 'enough' });
    expect(Date.now()).toBe(600);
  });

  it('with killOnAbort ends the job over the existing connection', async () => {
    const pc = server([started, nothing(), hangs, () => recordOf()]);
    const error = await failure(finish(pc.run({ signal: abortAt(1_000), killOnAbort: true })));
    expect(error).toMatchObject({ message: 'enough' });
    expect(pc.asked.at(-1)).toBe('kill 2000');
    expect(pc.opened).toHaveLength(1);
  });

  it('with killOnAbort ends it over a new connection if the old one is lost, and does not try a third', async () => {
    const gone = server([started, nothing(), hangs, fails(lost())], [() => recordOf()]);
    await failure(finish(gone.run({ signal: abortAt(1_000), killOnAbort: true })));
    expect(gone.words.filter((word) => word === 'kill')).toHaveLength(2);
    expect(gone.closed).toEqual([1, 2]);
    const away = server([started, nothing(), hangs, fails(lost())], [fails(lost())], [() => recordOf()]);
    await failure(finish(away.run({ signal: abortAt(1_000), killOnAbort: true })));
    expect(away.opened).toHaveLength(2);
    const ends = server([started, nothing(), hangs, fails(lost())], new Error('no way'), [() => recordOf()]);
    expect(await failure(finish(ends.run({ signal: abortAt(1_000), killOnAbort: true })))).toMatchObject({
      message: 'enough',
    });
    expect(ends.opened).toHaveLength(2);
  });

  it('with killOnAbort before anything was sent ends nothing', async () => {
    const pc = server(new Error('never connected'), [() => recordOf()]);
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    const run = pc.run({ signal: controller.signal, killOnAbort: true });
    expect(await failure(finish(run))).toMatchObject({ message: 'never connected' });
    expect(pc.asked).toEqual([]);
    expect(pc.opened).toHaveLength(1);
  });

  it('with killOnAbort waits until it is known whether the job was started, for ten seconds', async () => {
    const slow: Step = async (line, options) => {
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      return started(line, options);
    };
    const pc = server([slow, () => recordOf()]);
    const error = await failure(finish(pc.run({ signal: abortAt(1_000), killOnAbort: true })));
    expect(error).toMatchObject({ message: 'enough' });
    expect(pc.words).toEqual(['start', 'kill']);
    const mute = server([hangs, () => recordOf()]);
    const startedAt = Date.now();
    await failure(finish(mute.run({ signal: abortAt(1_000), killOnAbort: true })));
    expect(Date.now() - startedAt).toBe(11_000);
    expect(mute.words).toEqual(['start', 'kill']);
  });
});
