import { getEventListeners } from 'node:events';
import { Duplex } from 'node:stream';
import { beforeEach, expect, it, vi } from 'vitest';
import { wireString } from '../../src/host-key/keys/wire-string.ts';
import { ssh2 } from '../../src/ssh2/insides/client-parts.ts';
import { AgentClient, AgentUnreachable } from '../../src/ssh2/login/agent-client.ts';

/** The stream to an agent that has been asked. */
class Asked extends Duplex {
  readonly request: Buffer[] = [];
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.request.push(chunk);
    done();
  }
}

let streams: Asked[];
let createAgent: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  streams = [];
  const getStream = (callback: (error: null, stream: Duplex) => void) => {
    const stream = new Asked();
    streams.push(stream);
    callback(null, stream);
  };
  createAgent = vi.spyOn(ssh2, 'createAgent').mockReturnValue({ getStream } as never);
  return () => createAgent.mockRestore();
});

const turn = () => new Promise(setImmediate);
const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const keysAnswer = (...keys: string[]) =>
  wireString(
    Buffer.concat([
      Buffer.from([12]),
      uint32(keys.length),
      ...keys.flatMap((key) => [wireString(key), wireString('c')]),
    ]),
  );
const signed = (algorithm: string, length = 4) =>
  wireString(
    Buffer.concat([
      Buffer.from([14]),
      wireString(Buffer.concat([wireString(algorithm), Buffer.alloc(length)])),
    ]),
  );

/** The answer in these pieces to the question, and what came of it. */
async function answered<T>(ask: (agent: AgentClient) => Promise<T>, ...pieces: Buffer[]): Promise<T> {
  const { signal } = new AbortController();
  const agent = new AgentClient('/agent', signal);
  const answer = ask(agent);
  answer.catch(() => {});
  await turn();
  expect(agent.isAsked).toBe(true);
  for (const piece of pieces) {
    streams.at(-1)!.push(piece);
    await turn();
  }
  try {
    return await answer;
  } finally {
    expect(agent.isAsked).toBe(false);
    expect(streams.at(-1)!.destroyed).toBe(true);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  }
}

const keys = (agent: AgentClient) => agent.keys();
const sign = (algorithm: string) => (agent: AgentClient) =>
  agent.sign(Buffer.from('blob'), algorithm, Buffer.from('data'));

it('lists its keys, however the reply is split', async () => {
  const answer = keysAnswer('one', 'two');
  const expected = [Buffer.from('one'), Buffer.from('two')];
  expect(await answered(keys, answer)).toEqual(expected);
  expect(await answered(keys, ...[...answer].map((byte) => Buffer.from([byte])))).toEqual(expected);
  expect(await answered(keys, Buffer.concat([answer, Buffer.from('more')]))).toEqual(expected);
  expect(await answered(keys, keysAnswer())).toEqual([]);
  expect(Buffer.concat(streams[0]!.request)).toEqual(Buffer.from([0, 0, 0, 1, 11]));
});

it.each([
  ['ssh-ed25519', 0],
  ['rsa-sha2-256', 2],
  ['rsa-sha2-512', 4],
])('signs with %s', async (algorithm, flags) => {
  const signature = await answered(sign(algorithm), signed(algorithm));
  expect(signature).toEqual(Buffer.concat([wireString(algorithm), Buffer.alloc(4)]));
  const asked = Buffer.concat([Buffer.from([13]), wireString('blob'), wireString('data'), uint32(flags)]);
  expect(Buffer.concat(streams[0]!.request)).toEqual(wireString(asked));
});

it.each<[string, (agent: AgentClient) => Promise<unknown>, Buffer, RegExp]>([
  ['a refusal', keys, wireString(Buffer.from([5])), /it refused/],
  ['another answer', sign('ssh-ed25519'), keysAnswer('one'), /it refused/],
  ['no bytes', keys, uint32(0), /no answer/],
  ['too many bytes', keys, uint32(256 * 1024 + 1), /no answer/],
  ['too many keys', keys, wireString(Buffer.concat([Buffer.from([12]), uint32(2_049)])), /names 2049 keys/],
  [
    'another algorithm',
    sign('rsa-sha2-512'),
    signed('ssh-rsa'),
    /signs with ssh-rsa instead of rsa-sha2-512/,
  ],
  ['an endless signature', sign('x'), signed('x', 16 * 1024), /has 16389 bytes/],
])('fails on %s', async (_what, ask, answer, message) => {
  await expect(answered(ask, answer)).rejects.toThrow(message);
});

it('waits for all of the longest reply', async () => {
  const half = answered(keys, uint32(256 * 1024), Buffer.alloc(9));
  await turn();
  await turn();
  await turn();
  expect(streams[0]!.destroyed).toBe(false);
  streams[0]!.destroy();
  await expect(half).rejects.toThrow('it ended the connection');
});

it.each<[string, (stream: Asked) => void]>([
  ['its end', (stream) => stream.push(null)],
  ['its close', (stream) => stream.destroy()],
  ['an error', (stream) => stream.destroy(new Error('EPIPE'))],
])('fails on %s', async (_what, end) => {
  const agent = new AgentClient('/agent', new AbortController().signal);
  const answer = agent.keys();
  await turn();
  end(streams[0]!);
  await expect(answer).rejects.toThrow('it ended the connection');
});

it('is released by an abort, before and during a request', async () => {
  const stop = new AbortController();
  const agent = new AgentClient('/agent', stop.signal);
  const answer = agent.keys();
  await turn();
  stop.abort(new Error('enough'));
  await expect(answer).rejects.toThrow('it ended the connection');
  expect(streams[0]!.destroyed).toBe(true);
  await expect(agent.keys()).rejects.toThrow('enough');
  expect(streams[1]!.request).toEqual([]);
  expect(streams[1]!.destroyed).toBe(true);
});

it.each([
  ['/nowhere/agent', /its socket does not exist/],
  ['/tmp', /its path is no socket/],
  ['pageant', /^no$/],
])('reports why it cannot be reached at %s', async (path, why) => {
  const getStream = (callback: (error: Error) => void) => callback(new Error('no'));
  createAgent.mockReturnValue({ getStream } as never);
  const failure = new AgentClient(path, new AbortController().signal).keys();
  await expect(failure).rejects.toBeInstanceOf(AgentUnreachable);
  await expect(failure).rejects.toThrow(why);
});

it('reports that ssh2 does not support such an agent', async () => {
  createAgent.mockReturnValue({} as never);
  await expect(new AgentClient('x', new AbortController().signal).keys()).rejects.toThrow('is not known');
});
