import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { connectTo } from '../support/connect.ts';

async function* slowly() {
  for (let piece = 0; piece < 1_000; piece++) {
    yield Buffer.alloc(300_000);
    await sleep(5);
  }
}

async function uploading(signal?: AbortSignal) {
  const server = await startMockServer({ faults: { latencyMs: 10 } });
  const connection = await connectTo(server);
  const upload = connection
    .upload(Readable.from(slowly()), '/target', { signal })
    .catch((error: unknown) => error);
  await server.waitFor((entry) => entry.type === 'sftp' && entry.op === 'WRITE');
  const dispose = () => server.close();
  return { server, connection, upload, [Symbol.asyncDispose]: dispose };
}

it('leaves no temporary file if an upload is aborted and the connection is closed at once', async () => {
  const abort = new AbortController();
  await using made = await uploading(abort.signal);
  abort.abort(new Error('enough'));
  await made.connection.close();
  expect(await made.upload).toMatchObject({ message: 'enough' });
  expect(made.server.files.list('/')).toEqual([]);
});

it('leaves no temporary file of an upload that the close itself ends', async () => {
  await using made = await uploading();
  await made.connection.close();
  expect(await made.upload).toMatchObject({ code: 'SSH_CONNECTION_LOST', retryable: false });
  expect(made.server.files.list('/')).toEqual([]);
});

it('kills a command that ignores TERM even if the connection is closed at once', async () => {
  const signals: string[] = [];
  await using server = await startMockServer({
    exec: (context) => {
      context.stdin.resume();
      context.onSignal((signal) => {
        signals.push(signal);
        if (signal === 'KILL') context.kill('KILL');
      });
    },
  });
  const connection = await connectTo(server);
  const abort = new AbortController();
  const command = connection.exec('stubborn', { signal: abort.signal }).catch((error: unknown) => error);
  await server.waitFor('exec');
  await sleep(30);
  abort.abort(new Error('enough'));
  await connection.close();
  expect(await command).toMatchObject({ message: 'enough' });
  expect(signals).toEqual(['TERM', 'KILL']);
});

it('starts nothing new while it cleans up', async () => {
  await using made = await uploading();
  const closing = made.connection.close();
  const late = await made.connection.exec('late').catch((error: unknown) => error);
  expect(late).toMatchObject({ code: 'SSH_CONNECTION_LOST', started: false, reason: 'closed by close()' });
  await closing;
});
