import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { connectTo } from '../support/connect.ts';
import { jobServer } from './job-server.ts';

const secret = 'hunter2-hunter2';
const env = { API_TOKEN: secret };

/** All that a log could show of it. */
function shown(value: unknown): string {
  const stack = value instanceof Error ? value.stack : '';
  return inspect(value, { depth: 9, showHidden: true }) + JSON.stringify(value) + stack;
}

const { run } = jobServer();

it('does not show values of env in the result of a job or its error', async () => {
  const result = await run('printenv API_TOKEN | wc -c', { env, cwd: '/' });
  expect(result).toMatchObject({
    command: 'printenv API_TOKEN | wc -c',
    stdout: expect.stringMatching(/^ *16\n$/),
  });
  const error = await run(['sh', '-c', 'exit 3'], { id: 'b', env }).catch((failure: unknown) => failure);
  expect(error).toMatchObject({ code: 'SSH_COMMAND_FAILED', command: "sh -c 'exit 3'", exitCode: 3 });
  for (const value of [result, error]) expect(shown(value)).not.toContain(secret);
});

it('does not show them if another command has the id', async () => {
  await run('echo 1', { env });
  const error = await run('echo 2', { env }).catch((failure: unknown) => failure);
  expect(error).toMatchObject({ code: 'SSH_JOB_CONFLICT' });
  expect(shown(error)).not.toContain(secret);
});

it('does not show them if the connection is lost during the start', async () => {
  await using server: MockServer = await startMockServer({
    jobs: false,
    exec: ({ connection }) => server.drop(connection, 'rst'),
  });
  await using connection = await connectTo(server);
  const error = await connection.startJob('run', { id: 'a', env }).catch((failure: unknown) => failure);
  expect(error).toMatchObject({ code: 'SSH_CONNECTION_LOST' });
  expect(shown(error)).not.toContain(secret);
});
