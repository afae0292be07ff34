import { describe, expect, it } from 'vitest';
import { MessageOrder, mayLeaveInPlainText } from '../../src/ssh2/order/message-order.ts';

const all = Array.from({ length: 256 }, (_, type) => type);

type Step = number | 'keys' | 'ask';

/** An order that has gone through these steps, all in turn. */
function after(steps: readonly Step[], isStrict = false): MessageOrder {
  const order = new MessageOrder(() => isStrict);
  for (const step of steps) {
    if (step === 'keys') order.keysExchanged();
    else if (step === 'ask') order.loginRequested();
    else expect(order.receive(step), `step ${step}`).toBeUndefined();
  }
  return order;
}

const allowedAfter = (steps: readonly Step[], isStrict?: boolean) =>
  all.filter((type) => after(steps, isStrict).receive(type) === undefined);

const range = (from: number, to: number) => all.slice(from, to + 1);
const exchange = [20, 31] as const;
const keys = [...exchange, 21, 'keys'] as const;
const login = [...keys, 'ask', 6] as const;
const session = [...login, 52] as const;

describe('a server may send', () => {
  it.each([
    ['at first', [], [...range(1, 4), ...range(20, 49)]],
    ['behind its NEWKEYS, while its key is looked at', [...exchange, 21], [1, 2, 3, 4, 7]],
    ['before it accepts the service', keys, [1, 2, 3, 4, 6, 7, 20]],
    ['before a login is asked for', [...keys, 6], [1, 2, 3, 4, 7, 20, 53]],
    ['during the login', login, [1, 2, 3, 4, 7, 20, ...range(51, 79)]],
    ['after the login', session, [...range(1, 4), ...range(7, 20), ...range(80, 255)]],
    ['during a re-key', [...session, 20], [...range(1, 4), ...range(20, 49)]],
    ['behind the NEWKEYS of a re-key', [...session, ...exchange, 21], [1, 2, 3, 4, 7]],
    ['after a re-key', [...session, ...keys], [...range(1, 4), ...range(7, 20), ...range(80, 255)]],
    ['after a re-key during the login', [...login, ...keys], [1, 2, 3, 4, 7, 20, ...range(51, 79)]],
  ] as const)('%s only this', (_when, steps, allowed) => {
    expect(allowedAfter(steps)).toEqual([...allowed]);
  });

  it('nothing but the key exchange and DISCONNECT in a strict key exchange', () => {
    expect(allowedAfter([], true)).toEqual([1, ...range(20, 49)]);
    expect(allowedAfter([...exchange, 21], true)).toEqual([1, 2, 3, 4, 7]);
  });

  it('IGNORE again while rekeying, which is not strict', () => {
    expect(allowedAfter([...session, 20], true)).toEqual([...range(1, 4), ...range(20, 49)]);
  });

  it('EXT_INFO before USERAUTH_SUCCESS (RFC 8308 section 2.4)', () => {
    expect(after(login).receive(7)).toBeUndefined();
  });
});

it('reports which message came when, and which were allowed', () => {
  expect(after([...exchange, 21]).receive(6)).toEqual({
    message: 'SSH_MSG_SERVICE_ACCEPT (6)',
    when: 'between its SSH_MSG_NEWKEYS and ours, before its host key is accepted',
    allowed: 'SSH_MSG_EXT_INFO (7) and 1 to 4',
  });
  expect(after(keys).receive(42)?.message).toBe('message 42');
});

it('sends only key exchange and transport messages unencrypted', () => {
  expect(all.filter(mayLeaveInPlainText)).toEqual([...range(1, 4), ...range(20, 49)]);
});
