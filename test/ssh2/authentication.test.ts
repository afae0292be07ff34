import type { NextAuthHandler } from 'ssh2';
import { expect, it, vi } from 'vitest';
import type { KeyboardInteractive } from '../../src/options/types.ts';
import { Authentication } from '../../src/ssh2/login/auth.ts';
import type { Credentials } from '../../src/ssh2/login/credentials.ts';
import { StopSwitch } from '../../src/time/stop-switch.ts';

const none: Credentials = {
  username: 'kim',
  ...{ keys: [], certificates: [], notes: [], agentFirst: false },
  ...{ password: undefined, agent: undefined, agentKeys: undefined, keyboardInteractive: undefined },
};

type Method = { type: string; prompt?: Prompt; password?: string } | false;
type Prompt = (
  name: string,
  instructions: string,
  language: string,
  prompts: Array<{ prompt: string; echo?: boolean }>,
  finish: (answers: string[]) => void,
) => void;

function open(credentials: Partial<Credentials>) {
  const over = new StopSwitch();
  const onThinking = vi.fn();
  const onBroken = vi.fn();
  const auth = new Authentication({ ...none, ...credentials }, { over, onThinking, onBroken }, []);
  const next = (methodsLeft: string[] | null = null) =>
    new Promise<Method>((resolve) =>
      auth.handler(methodsLeft, null, ((method: Method) => resolve(method)) as unknown as NextAuthHandler),
    );
  return { auth, over, onThinking, onBroken, next };
}

async function answersOf(method: Method, prompts: Array<{ prompt: string; echo?: boolean }>) {
  const { prompt } = method as { prompt: Prompt };
  return new Promise<string[]>((resolve) => prompt('n\u001b', 'i', '', prompts, resolve));
}

it('knows from the beginning why a certificate was not used', () => {
  const { auth } = open({ notes: ['The certificate in x was not used: expired.'] });
  expect(auth.situation).toEqual({
    ...{ methodsTried: [], partialSuccess: false, methodsOffered: undefined, authFailures: 0 },
    ...{
      authAtEnd: false,
      waitsForAgent: false,
      waitsForAnswer: false,
      loginNotes: ['The certificate in x was not used: expired.'],
    },
  });
});

it('tries password, then keyboard-interactive, then nothing, and stops', async () => {
  const { auth, next } = open({ password: 'secret' });
  expect(await next()).toEqual({ type: 'password', username: 'kim', password: 'secret' });
  expect(await next()).toMatchObject({ type: 'keyboard-interactive', username: 'kim' });
  expect(auth.situation.authAtEnd).toBe(false);
  expect(await next()).toEqual({ type: 'none', username: 'kim' });
  expect(auth.situation).toMatchObject({
    authAtEnd: true,
    methodsTried: ['password', 'keyboard-interactive'],
  });
  expect(await next()).toBe(false);
});

it('tries only what the server accepts, and reports "none" if nothing was tried', async () => {
  const { auth, next } = open({ password: 'secret' });
  expect(await next(['publickey'])).toMatchObject({ type: 'none' });
  expect(auth.situation).toMatchObject({ methodsTried: ['none'], methodsOffered: ['publickey'] });
});

it('answers only the first prompt with the password, if it is the only one and hidden', async () => {
  const { next } = open({ password: 'secret' });
  const method = await next(['keyboard-interactive']);
  expect(await answersOf(method, [{ prompt: 'Password: ', echo: false }])).toEqual(['secret']);
  expect(await answersOf(method, [{ prompt: 'Password: ', echo: false }])).toEqual(['']);
  const shown = await open({ password: 'secret' }).next(['keyboard-interactive']);
  expect(await answersOf(shown, [{ prompt: 'Name: ', echo: true }])).toEqual(['']);
  const two = await open({ password: 'secret' }).next(['keyboard-interactive']);
  expect(await answersOf(two, [{ prompt: 'a' }, { prompt: 'b' }])).toEqual(['', '']);
  const untold = await open({ password: 'secret' }).next(['keyboard-interactive']);
  expect(await answersOf(untold, [{ prompt: 'Password: ' }])).toEqual(['secret']);
});

it('asks the user before any password, with the clock stopped', async () => {
  const asked: unknown[] = [];
  const keyboardInteractive: KeyboardInteractive = async (...given) => {
    asked.push(given, onThinking.mock.calls.flat());
    return ['one', 'two'];
  };
  const { next, onThinking } = open({ password: 'secret', keyboardInteractive });
  const method = await next();
  expect(method).toMatchObject({ type: 'keyboard-interactive' });
  expect(await answersOf(method, [{ prompt: 'a\u001b' }, { prompt: 'b', echo: true }])).toEqual([
    'one',
    'two',
  ]);
  expect(asked).toEqual([
    [
      [
        { prompt: 'a\\x1b', echo: false },
        { prompt: 'b', echo: true },
      ],
      { name: 'n\\x1b', instructions: 'i', signal: expect.any(AbortSignal) },
    ],
    [true],
  ]);
  expect(onThinking.mock.calls.flat()).toEqual([true, false]);
  expect(await next()).toMatchObject({ type: 'password' });
  expect(await next()).toMatchObject({ type: 'none' });
});

it.each([
  ['too few', ['one']],
  ['what is no text', ['one', 2]],
  ['what is no list', 'one'],
])('fails on %s as an answer, and restarts the clock', async (_what, given) => {
  const { next, onThinking, onBroken } = open({ keyboardInteractive: (async () => given) as never });
  const { prompt } = (await next()) as { prompt: Prompt };
  prompt('', '', '', [{ prompt: 'a' }, { prompt: 'b' }], () => expect.unreachable());
  await vi.waitFor(() => expect(onBroken).toHaveBeenCalledTimes(1));
  expect(onBroken.mock.calls[0]![0]).toBeInstanceOf(TypeError);
  expect(onThinking.mock.calls.flat()).toEqual([true, false]);
});

it('sends nothing more once authentication has ended', async () => {
  const { auth, over, onBroken } = open({ password: 'secret' });
  const next = vi.fn();
  auth.handler(null, null, next);
  over.abort();
  await new Promise(setImmediate);
  expect(next).not.toHaveBeenCalled();
  expect(onBroken).not.toHaveBeenCalled();
});

it('fails on an error thrown by ssh2', async () => {
  const { auth, onBroken } = open({ password: 'secret' });
  const error = new Error('cannot sign');
  auth.handler(null, null, () => {
    throw error;
  });
  await vi.waitFor(() => expect(onBroken.mock.calls).toEqual([[error]]));
});
