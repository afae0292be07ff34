import { channel } from 'node:diagnostics_channel';
import { afterAll, expect, vi } from 'vitest';

// Files of tests share a process: each has to leave it as it was.

const events = ['exit', 'SIGINT', 'SIGTERM', 'uncaughtException', 'unhandledRejection', 'warning'] as const;

const channels = ['connect', 'exec'].flatMap((name) =>
  ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map(
    (step) => `tracing:ssh-via-gateway:${name}:${step}`,
  ),
);

const look = () => ({
  environment: { ...process.env },
  folder: process.cwd(),
  listeners: Object.fromEntries(events.map((event) => [event, process.listenerCount(event)])),
  watched: channels.filter((name) => channel(name).hasSubscribers),
  platform: process.platform,
  clock: vi.isFakeTimers() ? 'a fake one' : 'the real one',
});

const before = look();
afterAll(() => {
  expect(look(), 'what a file of tests leaves in its process').toEqual(before);
});
