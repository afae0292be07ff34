import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type ProcessEnd, ProcessStream } from '../../src/route/process-stream.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const turn = () => new Promise(setImmediate);
const bad: ProcessEnd = { exitCode: 1, signal: null };
const good: ProcessEnd = { exitCode: 0, signal: null };

/** A process that does what the test says. */
function open() {
  const pipes = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const child = Object.assign(new EventEmitter(), { ...pipes, pid: 7 as number | undefined, kill: vi.fn() });
  const failures: Array<[ProcessEnd, string]> = [];
  const stream = new ProcessStream(child as unknown as ChildProcessWithoutNullStreams, (end, stderr) => {
    failures.push([end, String(stderr)]);
    return end.exitCode === 0 ? undefined : new Error(`exit ${end.exitCode}: ${stderr}`);
  });
  let text = '';
  const read = () => stream.on('data', (chunk) => (text += chunk));
  const exit = ({ exitCode, signal }: ProcessEnd) => child.emit('exit', exitCode, signal);
  return { child, stream, read, exit, failures, text: () => text };
}

it('carries bytes both ways, and ends with the process, whichever ends first', async () => {
  for (const first of ['exit', 'output']) {
    const { child, stream, read, exit, text } = open();
    read();
    const ended = once(stream, 'end');
    stream.write('in');
    await turn();
    expect(String(child.stdin.read())).toBe('in');
    child.stdout.write('out');
    await turn();
    if (first === 'exit') exit(good);
    child.stdout.end();
    await turn();
    if (first === 'output') exit(good);
    await ended;
    expect(text()).toBe('out');
    expect(await stream.exited).toEqual(good);
    expect(stream.failure).toBeUndefined();
    await turn();
    // Where nothing more comes there is nobody left to write to.
    expect(stream.writableEnded).toBe(true);
    stream.destroy();
    expect(child.kill).not.toHaveBeenCalled();
  }
});

it('ends 250 ms after the exit even if others hold its output open', async () => {
  const { stream, read, exit } = open();
  read();
  exit(bad);
  await turn();
  vi.advanceTimersByTime(249);
  expect(stream.destroyed).toBe(false);
  const failed = new Promise((resolve) => stream.once('error', resolve));
  vi.advanceTimersByTime(1);
  expect(await failed).toMatchObject({ message: 'exit 1: ' });
});

it('waits 250 ms for the exit after its output', async () => {
  const { child, stream, read, exit } = open();
  read();
  child.stdout.end();
  await turn();
  vi.advanceTimersByTime(200);
  expect(stream.destroyed).toBe(false);
  exit(bad);
  await turn();
  expect(stream.errored).toMatchObject({ message: 'exit 1: ' });
});

it('ends without the exit if that does not come', async () => {
  const { child, stream, read } = open();
  read();
  const ended = once(stream, 'end');
  child.stdout.end();
  await turn();
  vi.advanceTimersByTime(250);
  await ended;
  stream.destroy();
  expect(child.kill.mock.calls).toEqual([['SIGTERM']]);
  vi.clearAllTimers();
});

it('pauses the process while nobody reads, and leaves no timer at the end', async () => {
  const { child, stream, read, exit, text } = open();
  child.stdout.write(Buffer.alloc(1 << 18, 'a'));
  await turn();
  expect(child.stdout.isPaused()).toBe(true);
  read();
  await turn();
  expect(child.stdout.isPaused()).toBe(false);
  expect(text()).toHaveLength(1 << 18);
  stream.pause();
  child.stdout.write('last');
  exit(good);
  child.stdout.end();
  await turn();
  await turn();
  expect(stream.destroyed).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
  stream.destroy();
});

it('does not end while its reader is behind', async () => {
  const { child, stream, read, exit, text } = open();
  child.stdout.write(Buffer.alloc(1 << 18, 'a'));
  await turn();
  child.stdout.write('last');
  await turn();
  exit(good);
  vi.advanceTimersByTime(1_000);
  expect(stream.readableEnded).toBe(false);
  read();
  await turn();
  await turn();
  expect(text()).toHaveLength((1 << 18) + 4);
  vi.advanceTimersByTime(250);
  await turn();
  expect(stream.readableEnded).toBe(true);
});

it('reports the last output of the process', async () => {
  const { child, stream, read, exit, failures } = open();
  read();
  child.stderr.write('a'.repeat(4_000));
  child.stderr.write('b'.repeat(96));
  await turn();
  child.stderr.write('c');
  await turn();
  exit(bad);
  child.stdout.end();
  await turn();
  await turn();
  expect(failures[0]).toEqual([bad, `${'a'.repeat(3_999)}${'b'.repeat(96)}c`]);
  expect(stream.failure).toBeInstanceOf(Error);
});

it('ends the process with itself, by force after a second, which is not a failure', async () => {
  const { child, stream, exit } = open();
  stream.destroy();
  expect([child.stdin.destroyed, child.stdout.destroyed, child.stderr.destroyed]).toEqual([true, true, true]);
  expect(child.kill.mock.calls).toEqual([['SIGTERM']]);
  vi.advanceTimersByTime(999);
  expect(child.kill).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1);
  expect(child.kill.mock.calls).toEqual([['SIGTERM'], ['SIGKILL']]);
  exit({ exitCode: null, signal: 'SIGKILL' });
  await turn();
  expect(stream.failure).toBeUndefined();
});

it('uses no force if the process ends', async () => {
  const { child, stream, exit } = open();
  stream.destroy();
  exit(good);
  await turn();
  vi.advanceTimersByTime(5_000);
  expect(child.kill).toHaveBeenCalledTimes(1);
});

it('does not end a process that never started or has ended', async () => {
  const never = open();
  never.child.pid = undefined;
  never.stream.destroy();
  expect(never.child.kill).not.toHaveBeenCalled();
  const over = open();
  over.exit(good);
  over.stream.destroy();
  expect(over.child.kill).not.toHaveBeenCalled();
});

it('reports broken pipes only through the exit', async () => {
  const { child, stream, read, exit } = open();
  read();
  for (const pipe of [child.stdin, child.stdout, child.stderr])
    expect(() => pipe.emit('error', new Error('EPIPE'))).not.toThrow();
  const written = new Promise((resolve) => stream.write('late', resolve));
  child.stdin.destroy();
  expect(await written).toBeFalsy();
  expect(() => stream.emit('error', new Error('late'))).not.toThrow();
  exit(good);
  child.stdout.end();
  await turn();
  stream.destroy();
});

it('passes on the end of its input', async () => {
  const { child, stream, exit } = open();
  stream.end('last');
  await once(stream, 'finish');
  expect(child.stdin.writableEnded).toBe(true);
  exit(good);
  stream.destroy();
});
