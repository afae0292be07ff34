import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { connectTo } from '../support/connect.ts';

it.each(['posix', 'cmd', 'powershell', 'pwsh'] as const)(
  'shows no value of env in results, errors and their stacks (%s)',
  async (shell) => {
    const secret = 'hunter2-hunter2';
    let sent = '';
    await using server = await startMockServer({
      exec: ({ command }) => {
        sent = command;
        return 7;
      },
    });
    await using connection = await connectTo(server);
    const options = { shell, env: { API_KEY: secret }, cwd: '/work' };
    const result = await connection.exec(['run', 'it now'], { ...options, reject: false });
    const error = await connection.exec('run it', options).catch((failure: unknown) => failure);
    expect(`${sent} ${Buffer.from(sent.split(' ').at(-1) ?? '', 'base64').toString('utf16le')}`).toContain(
      secret,
    );
    for (const shown of [result, error]) {
      expect(inspect(shown, { depth: 9, showHidden: true }) + JSON.stringify(shown)).not.toContain(secret);
    }
    expect(error).toMatchObject({ command: 'run it', exitCode: 7 });
  },
);
