import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { buildCommandLine } from '../../src/exec/command-line/command-line.ts';
import { startMockServer } from '../../src/mock-server/index.ts';
import { connectTo } from '../support/connect.ts';

it.each(['posix', 'cmd', 'powershell', 'pwsh'] as const)(
  'does not show values of env in results, errors or their stacks (%s)',
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

it.each([
  ['a NUL character', 'hunter2\0'],
  ['lone surrogates', 'hunter2\ud800'],
  ['a line break', 'hunter2\n'],
])('does not show a value of env that cannot be passed: %s', (what, value) => {
  const build = () => buildCommandLine({ command: 'run', shell: 'cmd', env: { API_KEY: value } });
  expect(build).toThrow(new RegExp(`^option env.API_KEY: a string given; .* without ${what}`));
  expect(build).not.toThrow(/hunter2/);
});
