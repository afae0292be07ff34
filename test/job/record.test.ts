import { describe, expect, it } from 'vitest';
import {
  answerOf,
  endOf,
  findFields,
  parseFields,
  readRecord,
  Unreadable,
} from '../../src/job/host/record.ts';
import { startCommand } from '../../src/job/posix/start.ts';
import type { HostResult } from '../../src/job/types.ts';

it('splits a field at its first equals sign', () => {
  expect([...parseFields(' a=1  b=2=3 c= d =e ')]).toEqual([
    ['a', '1'],
    ['b', '2=3'],
    ['c', ''],
    ['d', ''],
    ['', 'e'],
  ]);
});

it('finds the answer after the output of a login script, and what follows it', () => {
  const { fields, rest } = findFields(Buffer.from('Welcome!\nMARK a=1\nthe rest\n'), 'MARK');
  expect([...fields]).toEqual([['a', '1']]);
  expect(rest.toString()).toBe('the rest\n');
  expect(findFields(Buffer.from('MARK\n'), 'MARK').rest).toHaveLength(0);
});

it.each(['', 'Welcome!\n', 'MARK a=1', 'no\nMARK a=1'])('does not accept %j as an answer', (output) => {
  expect(() => findFields(Buffer.from(output), 'MARK')).toThrow(Unreadable);
});

describe('a record', () => {
  const alive = 'claim=1:7:start:boot:print:5:group:job live=start boot=boot';
  const read = (line: string) => readRecord(parseFields(line));

  it('contains everything in its line', () => {
    expect(read(`${alive} exit=3,9,TERM,end killed=KILL out=10 err=20 now=30`)).toEqual({
      claim: { pid: 7, start: 'start', boot: 'boot', fingerprint: 'print', at: 5, flags: 'group', id: 'job' },
      alive: true,
      exit: { code: 3, at: 9, signal: 'SIGTERM' },
      killed: 'KILL',
      ...{ stdoutSize: 10, stderrSize: 20, now: 30 },
    });
    const nothing = { claim: undefined, alive: false, exit: undefined, killed: undefined };
    expect(read('')).toEqual({ ...nothing, stdoutSize: 0, stderrSize: 0, now: 0 });
  });

  it.each([
    [alive, true],
    [alive.replace('live=start', 'live=later'), false],
    [alive.replace('live=start', 'live='), false],
    [alive.replace(':start:', '::').replace('live=start', 'live='), false],
    [alive.replace('boot=boot', 'boot=other'), false],
    [alive.replace('claim=1', 'claim=2'), false],
  ])('of %s is alive: %s', (line, isAlive) => {
    expect(read(line).alive).toBe(isAlive);
  });

  it.each(['2:7:s:b:p:5:g:job', '1:x:s:b:p:5:g:job', '1::s:b:p:5:g:job', 'removed'])(
    'has no claim: %s',
    (claim) => {
      expect(read(`claim=${claim}`).claim).toBeUndefined();
    },
  );

  it.each([
    ['0,9,-,end', { code: 0, at: 9, signal: undefined }],
    ['-5,,term,end', { code: -5, at: 0, signal: undefined }],
    ['129,9,RTMIN+1,end', { code: 129, at: 9, signal: 'SIGRTMIN+1' }],
    ['3,9,-,', undefined],
    ['3,9', undefined],
    ['x,9,-,end', undefined],
  ])('derives this end from %s', (exit, expected) => {
    expect(read(`exit=${exit}`).exit).toEqual(expected);
  });
});

describe('the end of a job', () => {
  const status = { state: 'exited', exitCode: 0 } as const;
  const exit = (at: number) => readRecord(parseFields(`claim=1:7:s:b:p:100:g:job exit=0,${at},-,end`));

  it('has its duration, which is never negative', () => {
    expect(endOf(exit(350), status)).toEqual({ status, durationMs: 250 });
    expect(endOf(exit(50), status)).toEqual({ status, durationMs: 0 });
    expect(endOf(undefined, status)).toEqual({ status, durationMs: 0 });
  });
});

describe('a helper command', () => {
  const result = (changes: object) =>
    answerOf({
      ...{ exitCode: 0, signal: null, stdout: Buffer.from('out'), stderr: Buffer.alloc(0), ...changes },
    } as HostResult);

  it('is accepted if it did its work; any other reports why not', () => {
    expect(String(result({}))).toBe('out');
    expect(() => result({ exitCode: 74, stderr: Buffer.from(' full\n') })).toThrow(/^full$/);
    expect(() => result({ exitCode: 74 })).toThrow('our command on the server exited with code 74');
    expect(() => result({ exitCode: null, signal: 'SIGTERM' })).toThrow('was ended by SIGTERM');
  });
});

describe('a start on POSIX', () => {
  const started = (line: string, said: string) => {
    const request = { id: 'job', line: 'x', fingerprint: 'print', interactive: undefined };
    const command = startCommand('"$HOME"/jobs', request);
    const [mark] = /ssh-via-gateway:[0-9a-f]{16}/.exec(command.line)!;
    const [stdout, stderr] = [Buffer.from(`${mark} ${line}\n`), Buffer.from(said)];
    return command.read({ exitCode: 0, signal: null, stdout, stderr });
  };
  const claim = 'claim=1:7:s:b:p:5:g:job';

  it('is new if this call made the claim', () => {
    expect(started(`${claim} answer=claimed`, '')).toMatchObject({ isNew: true, failure: undefined });
    expect(started(`${claim} answer=refused`, 'exists')).toMatchObject({ isNew: false, failure: undefined });
  });

  it('reports the last line of stderr if there is no claim', () => {
    expect(started('answer=refused', 'motd\ncannot\n')).toMatchObject({ isNew: false, failure: 'cannot' });
    expect(started('answer=', ' \n').failure).toBeUndefined();
  });
});
