import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Io } from '../../../src/cli/io.ts';
import type { TunnelEvent } from '../../../src/cli/library.ts';
import { openLog } from '../../../src/cli/tunnel/log.ts';

const full = 10_000_000;
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tunnel-log-'));
  file = join(folder, 'tunnel.log');
});
afterEach(() => rmSync(folder, { recursive: true }));

function noteInto(): string {
  const stderr = new PassThrough();
  const io: Io = {
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr,
    env: {},
    signal: new AbortController().signal,
  };
  openLog(io, { file, json: false }).note('info', 'up', 'the gateway listens');
  return String(stderr.read() ?? '');
}

it('rotates at 10 MB and keeps the previous file', () => {
  writeFileSync(file, 'x'.repeat(full));
  expect(noteInto()).toBe('');
  expect(readdirSync(folder).sort()).toEqual(['tunnel.log', 'tunnel.log.1']);
  expect(readFileSync(file, 'utf8')).toMatch(/^\S+Z info {2}up +the gateway listens\n$/);
});

it('gives the hint of an error once while it repeats, and once if it was the last', () => {
  const stdout = new PassThrough();
  const signal = new AbortController().signal;
  const io: Io = { stdin: new PassThrough(), stdout, stderr: new PassThrough(), env: {}, signal };
  const log = openLog(io, { json: false, verbose: true });
  const error = Object.assign(new Error('no key on record'), {
    code: 'SSH_HOST_KEY_UNKNOWN',
    hint: "Compare it; hostKey.onUnknown 'accept-new' trusts it\u001b[31m once.",
  });
  const waiting = {
    type: 'waiting',
    at: new Date(0),
    error,
    wait: 1_000,
    attempt: 1,
  } as unknown as TunnelEvent;
  const closed = { type: 'closed', at: new Date(0), error } as unknown as TunnelEvent;
  for (const event of [waiting, waiting, closed]) log.event(event);
  const lines = String(stdout.read()).trimEnd().split('\n');
  expect(lines.map((line) => line.split(/ +/)[2])).toEqual(['waiting', 'hint', 'waiting', 'closed', 'hint']);
  expect(lines[1]).toMatch(/warn {2}hint +Compare it; --accept-new trusts it\\x1b\[31m once\.$/);
  expect(lines[4]).toMatch(/error hint +Compare it; --accept-new trusts/);
  const json = new PassThrough();
  openLog({ ...io, stdout: json }, { json: true }).event(closed);
  expect(JSON.parse(String(json.read()))).toMatchObject({
    event: 'closed',
    hint: expect.stringContaining('Compare it'),
  });
});

it('keeps appending if the file cannot be renamed', () => {
  writeFileSync(file, 'x'.repeat(full));
  mkdirSync(join(folder, 'tunnel.log.1'));
  expect(noteInto()).toBe('');
  expect(readFileSync(file, 'utf8').slice(full)).toMatch(/the gateway listens\n$/);
});

it.runIf(process.platform !== 'win32')('goes to stderr if the file is a named pipe without a reader', () => {
  execFileSync('mkfifo', [file]);
  expect(noteInto()).toMatch(
    /cannot be written \(ENXIO\); its lines are written here instead\n.*the gateway listens\n$/,
  );
});

it('goes to stderr, with the reason, if the file cannot be written', () => {
  mkdirSync(file);
  expect(noteInto()).toMatch(
    /the log: ".*" cannot be written \(\w+\); its lines are written here instead\n.*the gateway listens\n$/,
  );
});

it.runIf(process.platform !== 'win32')('is for this user alone, and keeps the mode that it has', () => {
  const before = process.umask(0);
  try {
    noteInto();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    chmodSync(file, 0o640);
    writeFileSync(file, 'x'.repeat(full));
    noteInto();
    expect(readdirSync(folder)).toHaveLength(2);
    expect(statSync(file).mode & 0o777).toBe(0o640);
  } finally {
    process.umask(before);
  }
});

it('goes to stderr while stdout is on a full disk, and back when there is room', async () => {
  const lines: string[] = [];
  let isFull = true;
  const stdout = new PassThrough();
  stdout.write = ((chunk: string, done: (error?: Error) => void) => {
    if (isFull) done(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }));
    else lines.push(chunk);
    return true;
  }) as typeof stdout.write;
  const stderr = new PassThrough();
  const { signal } = new AbortController();
  const log = openLog({ stdin: new PassThrough(), stdout, stderr, env: {}, signal }, { json: false });
  log.note('info', 'up', 'one');
  await new Promise(setImmediate);
  log.note('info', 'up', 'two');
  await new Promise(setImmediate);
  isFull = false;
  log.note('info', 'up', 'three');
  expect(String(stderr.read())).toMatch(
    /^ssh-via-gateway: stdout cannot be written \(ENOSPC\); its lines are written here instead\n.*one\n.*two\n$/,
  );
  expect(lines).toEqual([expect.stringMatching(/three\n$/)]);
});
