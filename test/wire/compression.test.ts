import { describe, expect, it } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { connectTo } from '../support/connect.ts';

describe.each(['zlib@openssh.com', 'zlib'])('with compression %s', (name) => {
  it.each([
    ['a key', {}],
    ['a password', { username: 'other', privateKey: undefined, password: 'rpa-password' }],
  ])('a login with %s, commands and a re-key work', async (_what, login) => {
    await using server = await startMockServer({
      ...('password' in login ? { users: [{ username: login.username, password: login.password }] } : {}),
      algorithms: { compress: [name] },
      exec: { big: { stdout: 'x'.repeat(300_000) } },
    });
    await using connection = await connectTo(server, { ...login, algorithms: { compress: [name] } });
    expect((await connection.exec('echo one')).stdout).toBe('one\n');
    await server.rekey();
    expect((await connection.exec('big')).stdout).toHaveLength(300_000);
    const many = Array.from({ length: 10 }, (_, n) => connection.exec(`echo ${n}`));
    expect((await Promise.all(many)).map(({ stdout }) => stdout)).toEqual(many.map((_, n) => `${n}\n`));
  });
});
