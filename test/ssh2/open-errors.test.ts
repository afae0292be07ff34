import { expect, it } from 'vitest';
import { channelTimeout, isFull, noneToSpare, openFailed } from '../../src/ssh2/channels/open-errors.ts';

const where = { host: 'pc', port: 22, hop: 'jump' };
const because = (message: string, reason?: unknown) => Object.assign(new Error(message), { reason });

it('reports how long a request was unanswered, as retryable', () => {
  expect(channelTimeout(where, 'a session', 500)).toMatchObject({
    ...where,
    ...{ code: 'SSH_CHANNEL_TIMEOUT', phase: 'channel', timeoutMs: 500, retryable: true },
    message: 'pc:22 did not answer the request for a session within 500 ms (option timeouts.channel)',
  });
});

it('reports at once that all sessions are in use', () => {
  expect(noneToSpare(where)).toMatchObject({
    ...where,
    ...{ code: 'SSH_CHANNEL_OPEN_FAILED', phase: 'channel', retryable: true, reason: 'no session is free' },
  });
});

it.each(['Not connected', 'No response from server'])('treats %j as the end of the connection', (message) => {
  expect(openFailed(where, 'a session', because(message))).toMatchObject({
    ...where,
    ...{ code: 'SSH_CONNECTION_LOST', why: 'socket', phase: 'session' },
    message: 'The connection to pc:22 ended before a session was opened',
  });
});

it.each([
  [because('Unable to exec'), undefined, /refused the request on it/],
  [because('(SSH) Channel open failure: no', 1), 1, /forbids it/],
  [because('(SSH) Channel open failure: no', 2), 2, /MaxSessions is used up/],
  [because('(SSH) Channel open failure: no', '2'), undefined, /refused the request on it/],
])('explains %s from %s', (error, reasonCode, hint) => {
  const reason = error.message.replace('(SSH) Channel open failure: ', '');
  const failed = openFailed(where, 'a session', error);
  expect((failed as { reasonCode?: number }).reasonCode).toBe(reasonCode);
  expect(failed).toMatchObject({
    ...where,
    ...{ code: 'SSH_CHANNEL_OPEN_FAILED', reason, hint: expect.stringMatching(hint) },
    message: `pc:22 refused a session: "${reason}"`,
    retryable: false,
  });
});

it('keeps 300 characters of a reason', () => {
  const failed = openFailed(where, 'a session', because('x'.repeat(301)));
  expect(failed).toMatchObject({ reason: `${'x'.repeat(300)}... (1 more)` });
});

it.each([
  [1, false],
  [2, true],
  [3, false],
  [4, true],
  [5, false],
  [undefined, false],
])('treats reason %s as one session too many: %s', (reason, full) => {
  expect(isFull(because('no', reason))).toBe(full);
});
