import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Pending, PendingRequests } from '../../src/ssh2/sftp/pending.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const request = (operation: string): Pending => ({ operation, path: undefined, settle: () => {} });

function waitingRoom(timeout: number) {
  const overdue: string[] = [];
  const requests = new PendingRequests(timeout, ({ operation }) => overdue.push(operation));
  return { requests, overdue };
}

it('a request times out when its time is up, and not before', () => {
  const { requests, overdue } = waitingRoom(400);
  requests.add(request('stat'));
  vi.advanceTimersByTime(399);
  expect(overdue).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(overdue).toEqual(['stat']);
  expect(requests.size).toBe(0);
});

it('the time of a request restarts when the one before it has been answered', () => {
  const { requests, overdue } = waitingRoom(400);
  const first = requests.add(request('open'));
  requests.add(request('read'));
  vi.advanceTimersByTime(300);
  expect(requests.take(first)?.operation).toBe('open');
  vi.advanceTimersByTime(400);
  expect(overdue).toEqual([]);
  vi.advanceTimersByTime(100);
  expect(overdue).toEqual(['read']);
});

it('a pending request has a new timeout as soon as it is set', () => {
  const { requests, overdue } = waitingRoom(Number.POSITIVE_INFINITY);
  requests.add(request('open'));
  vi.advanceTimersByTime(10_000);
  requests.timeout = 400;
  vi.advanceTimersByTime(399);
  expect(overdue).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(overdue).toEqual(['open']);
});

it('no timer runs when nothing is pending', () => {
  const { requests } = waitingRoom(400);
  const id = requests.add(request('stat'));
  requests.take(id);
  vi.advanceTimersByTime(100);
  expect(vi.getTimerCount()).toBe(0);
  requests.add(request('open'));
  requests.takeAll();
  expect(vi.getTimerCount()).toBe(0);
});
