import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../customers/world.ts';
import { run } from './run.ts';

test('customers are added, listed, shown and removed', async () => {
  await using folder = await temporaryFolder();
  const file = ['--customers', join(folder.path, 'customers.json')];
  const say = async (...args: string[]) => {
    const { stdout, stderr, exitCode } = await run([...args.slice(0, 2), ...file, ...args.slice(2)]);
    return { out: stdout.toString(), stderr, exitCode };
  };
  expect((await say('customers', 'add', '--port', '9012', 'acme')).stderr).toContain('there is no such file');
  const made = ['--gateway', 'ops@gateway.example.com:2222', '--label', 'city=Seoul'];
  expect(await say('customers', 'add', '--port', '9012', ...made, 'acme')).toMatchObject({ exitCode: 0 });
  await say(
    'customers',
    'add',
    '--port',
    '9013',
    '--account',
    'beta',
    '--login',
    'kim',
    '--route',
    'jump',
    'beta',
  );
  expect(JSON.parse(await readFile(file[1]!, 'utf8')).gateway).toEqual({
    ...{ host: 'gateway.example.com', port: 2222, operator: 'ops' },
  });
  expect((await say('customers', 'list')).out).toBe(
    [
      'CODE  PORT  ACCOUNT      PC   ROUTE      STATE   LABELS',
      'acme  9012  tunnel-acme  rpa  published  active  city=Seoul',
      'beta  9013  beta         kim  jump       active',
      '',
    ].join('\n'),
  );
  expect((await say('customers', 'leave', 'acme')).out).toBe('acme: marked as left\n');
  expect((await say('customers', 'leave', 'acme')).out).toBe('acme: had already left\n');
  expect((await say('customers', 'list')).out).not.toContain('acme');
  expect(JSON.parse((await say('customers', 'list', '--all', '--json')).out)).toHaveLength(2);
  expect(JSON.parse((await say('customers', 'show', 'acme')).out)).toMatchObject({
    port: 9012,
    state: 'left',
  });
  // The port of one who has left is free for the next.
  expect(await say('customers', 'add', '--port', '9012', 'gamma')).toMatchObject({ exitCode: 0 });
});

test('a key file is relative to the working directory, wherever the customers file is', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'customers.json');
  const own = ['--customers', file];
  const keys = ['keys/rpa', join(folder.path, 'keys', 'rpa'), join(homedir(), '.ssh', 'rpa'), '~/.ssh/rpa'];
  for (const [index, key] of keys.entries()) {
    const more = ['--gateway', 'h', '--port', `${9012 + index}`, '-i', key, `c${index}`];
    expect(await run(['customers', 'add', ...own, ...more])).toMatchObject({ exitCode: 0 });
    const { stdout } = await run(['customers', 'show', ...own, `c${index}`]);
    expect(JSON.parse(stdout.toString()).privateKeyPath).toBe(resolve(key.replace('~', homedir())));
  }
  const { customers } = JSON.parse(await readFile(file, 'utf8'));
  // What lies beside the file or in the home folder is found there on another machine, too.
  expect(Object.values(customers).map((one) => (one as { privateKeyPath: string }).privateKeyPath)).toEqual([
    expect.stringMatching(/keys\/rpa$/),
    ...['keys/rpa', '~/.ssh/rpa', '~/.ssh/rpa'],
  ]);
});

test.each([
  [['customers', 'add', 'acme'], /--port N says/],
  [['customers', 'add', '--port', '9012'], /Give the code of one customer/],
  [['customers', 'add', '--port', '9012', '--gateway', 'h', 'a b'], /CODE: 'a b' given; 1 to 40 letters/],
  [['customers', 'list', 'x'], /takes no argument/],
  [['customers', 'show', 'x'], /there is no such file/],
])('%j is wrong use', async (argv, message) => {
  await using folder = await temporaryFolder();
  const env = { SSH_VIA_GATEWAY_CUSTOMERS: join(folder.path, 'customers.json') };
  const { exitCode, stderr } = await run(argv, { env });
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(message) });
});
