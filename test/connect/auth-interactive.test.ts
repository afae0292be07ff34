import { describe, expect, it, vi } from 'vitest';
import type { SshError } from '../../src/errors/index.ts';
import { startMockServer } from '../../src/mock-server/index.ts';
import type { ConnectOptions, KeyboardInteractive } from '../../src/options/types.ts';
import { connectTo } from '../support/connect.ts';
import { failureOf, pause, until } from '../support/outcome.ts';

const dialogue = { prompts: [{ prompt: 'User code: ', echo: true }, 'PIN: '], answers: ['4711', '0815'] };
const users = [{ username: 'rpa', keyboardInteractive: dialogue }];
const asking = (keyboardInteractive: KeyboardInteractive): Partial<ConnectOptions> => ({
  privateKey: undefined as never,
  keyboardInteractive,
});

describe('a keyboard-interactive login', () => {
  it("passes on the server's prompts, and succeeds with the right answers", async () => {
    await using server = await startMockServer({ users });
    const asked: unknown[] = [];
    await using connection = await connectTo(
      server,
      asking((prompts, { signal }) => {
        asked.push(...prompts, signal.aborted);
        return ['4711', '0815'];
      }),
    );
    expect(connection.serverVersion).toContain('OpenSSH');
    expect(asked).toEqual([{ prompt: 'User code: ', echo: true }, { prompt: 'PIN: ', echo: false }, false]);
  });

  it("does not count the user's thinking time", async () => {
    await using server = await startMockServer({ users });
    const thinking = asking(async () => {
      await pause(700);
      return ['4711', '0815'];
    });
    await using connection = await connectTo(server, { ...thinking, timeouts: { auth: 300 } });
    expect(connection.timings.auth).toBeGreaterThan(690);
  });

  it("still counts the server's time, before and after the prompt", async () => {
    await using server = await startMockServer({ users, faults: { auth: { delayMs: 250 } } });
    const thinking = asking(async () => {
      await pause(300);
      return ['wrong', 'wrong'];
    });
    const { error, ms } = await failureOf(connectTo(server, { ...thinking, timeouts: { auth: 150 } }));
    expect(error.code).toBe('SSH_AUTH_TIMEOUT');
    expect(ms).toBeLessThan(600);
  });

  it('ends the prompt if the server disconnects, and aborts its signal', async () => {
    await using server = await startMockServer({ users });
    let told = false;
    const thinking = asking(async (_prompts, { signal }) => {
      signal.addEventListener('abort', () => {
        told = true;
      });
      await new Promise(() => {});
      return [];
    });
    const connecting = failureOf(connectTo(server, thinking));
    await server.waitFor('kex');
    await pause(50);
    server.dropAll('fin');
    expect((await connecting).error.code).toBe('SSH_CONNECTION_LOST');
    expect(told).toBe(true);
  });

  it('is not asked again if the server has waited for long and then ended the login', async () => {
    await using server = await startMockServer({ users });
    let asked = 0;
    const thinking = asking(() => {
      asked++;
      return new Promise(() => {});
    });
    const connecting = failureOf(connectTo(server, { ...thinking, retry: { attempts: 3, minDelay: 1 } }));
    await until(() => asked === 1);
    const later = performance.now() + 20_000;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => later);
    try {
      server.dropAll('fin');
      const { error } = await connecting;
      expect(error).toMatchObject({ code: 'SSH_CONNECTION_LOST', phase: 'auth', retryable: false });
      expect((error as SshError).hint).toMatch(/keyboardInteractive had not answered after 20 s/);
      expect(asked).toBe(1);
    } finally {
      clock.mockRestore();
    }
  });

  it('ends the prompt on an abort and at the total timeout', async () => {
    await using server = await startMockServer({ users });
    const forever = asking(() => new Promise(() => {}));
    const controller = new AbortController();
    const connecting = failureOf(connectTo(server, { ...forever, signal: controller.signal }));
    await server.waitFor('kex');
    await pause(30);
    controller.abort('stop');
    expect((await connecting).error).toBe('stop');
    const { error } = await failureOf(connectTo(server, { ...forever, timeouts: { total: 150 } }));
    expect(error).toMatchObject({ code: 'SSH_TOTAL_TIMEOUT', phase: 'auth' });
    await until(() => server.connections === 0);
  });

  it.each<[string, KeyboardInteractive, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('no human here');
      },
      /no human here/,
    ],
    ['rejects', async () => Promise.reject(new Error('no human here')), /no human here/],
    ['gives too few answers', () => ['4711'], /2 strings/],
    ['gives something else', () => 'text' as never, /2 strings/],
    ['gives numbers', () => [4711, 815] as never, /2 strings/],
  ])('fails once if the function %s', async (_what, answer, says) => {
    await using server = await startMockServer({ users });
    const { error } = await failureOf(
      connectTo(server, { ...asking(answer), retry: { attempts: 3, minDelay: 0 } }),
    );
    expect(error).toMatchObject({ code: 'SSH_AUTHENTICATION_FAILED', retryable: false });
    expect(error.message).toMatch(says);
    expect(error.attempts).toHaveLength(1);
    await until(() => server.connections === 0);
  });

  it('fails with wrong answers, without asking again', async () => {
    await using server = await startMockServer({ users });
    let times = 0;
    const { error } = await failureOf(
      connectTo(
        server,
        asking(() => {
          times++;
          return ['0', '0'];
        }),
      ),
    );
    expect(error).toMatchObject({
      code: 'SSH_AUTHENTICATION_FAILED',
      methodsTried: ['keyboard-interactive'],
    });
    expect(times).toBe(1);
  });
});

describe('a password for a server that accepts only keyboard-interactive', () => {
  const pam = (prompts: string[], answers: string[]) => [
    { username: 'rpa', keyboardInteractive: { prompts, answers } },
  ];
  const password = { privateKey: undefined as never, password: 'rpa' };

  it('answers a single hidden prompt', async () => {
    await using server = await startMockServer({ users: pam(['Password: '], ['rpa']) });
    await using connection = await connectTo(server, password);
    expect(connection.serverVersion).toContain('OpenSSH');
  });

  it('is not given to two prompts at once', async () => {
    await using server = await startMockServer({ users: pam(['Name: ', 'Code: '], ['rpa', 'rpa']) });
    const { error } = await failureOf(connectTo(server, password));
    expect(error).toMatchObject({ code: 'SSH_AUTHENTICATION_FAILED' });
  });

  it('is not given to a prompt with echo', async () => {
    const visible = { prompts: [{ prompt: 'Name: ', echo: true }], answers: ['rpa'] };
    await using server = await startMockServer({
      users: [{ username: 'rpa', keyboardInteractive: visible }],
    });
    const { error } = await failureOf(connectTo(server, password));
    expect(error).toMatchObject({ code: 'SSH_AUTHENTICATION_FAILED' });
  });
});
