import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { connectViaGateway, fromAirflowConnection } from '../../src/index.ts';

const secret = 'p4ss-GEHEIM';

function failureOf(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was taken');
}

describe('an invalid Airflow connection', () => {
  it.each<[string, unknown, RegExp]>([
    ['a URI', `ssh://kim:${secret}@gw:22/?key_file=x`, /^argument connection: a string given/],
    ['its JSON', JSON.stringify({ host: 'gw', password: secret }), /^argument connection: a string given/],
    [
      'extra as JSON text of a text',
      { host: 'gw', extra: `"${secret}"` },
      /connection\.extra: a string given/,
    ],
    ['extra that is cut off', { host: 'gw', extra: `{"private_key": "${secret}` }, /text that is not JSON/],
    [
      'a passphrase as a number',
      { host: 'gw', extra: { private_key: 'a\nb', private_key_passphrase: 471112 } },
      /private_key_passphrase: a number given/,
    ],
    [
      'a key as an object',
      { host: 'gw', extra: { private_key: { secret } } },
      /private_key: an object given/,
    ],
    [
      'a blank for a number of seconds',
      { host: 'gw', extra: { conn_timeout: ' ' } },
      /conn_timeout: ' ' given/,
    ],
  ])('is rejected without showing possible secrets: %s', (_what, connection, message) => {
    const error = failureOf(() => fromAirflowConnection(connection as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(message);
    const shown = inspect(error, { depth: 9, showHidden: true });
    expect(shown).not.toContain(secret);
    expect(shown).not.toContain('471112');
  });

  it('cannot bypass the algorithm lists', () => {
    const log = vi.fn();
    const disabled_algorithms = JSON.parse('{"constructor": ["x"], "__proto__": ["y"], "toString": ["z"]}');
    expect(fromAirflowConnection({ host: 'gw', extra: { disabled_algorithms } }, { log }).algorithms).toEqual(
      undefined,
    );
    expect(log.mock.calls.map(([{ message }]) => message)).toHaveLength(3);
  });

  it('brings no control characters into the log', () => {
    const log = vi.fn();
    const names = { ['\u001b[31mred'.repeat(30)]: 1, disabled_algorithms: { '\u001b[31mred': ['x'] } };
    fromAirflowConnection({ host: 'gw', extra: names }, { log });
    for (const [{ message }] of log.mock.calls) {
      expect(message).not.toMatch(/\p{Cc}/u);
      expect(message.length).toBeLessThan(250);
    }
    expect(log).toHaveBeenCalledTimes(2);
  });
});

it('a URL given instead of options is never shown', async () => {
  const error = await connectViaGateway(`ssh://kim:${secret}@gw` as never).catch((reason: Error) => reason);
  expect((error as Error).message).toMatch(/^options: a string given/);
});
