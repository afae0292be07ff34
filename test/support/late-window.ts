import { createRequire } from 'node:module';
import { type MockInstance, vi } from 'vitest';

interface Protocol {
  _server: boolean;
  channelOpenConfirm(to: number, id: number, window: number, packet: number): void;
  channelWindowAdjust(to: number, bytes: number): void;
  channelSuccess(to: number): void;
  channelData(to: number, data: Buffer): void;
}

const { prototype } = createRequire(import.meta.url)('ssh2/lib/protocol/Protocol.js') as {
  prototype: Protocol;
};

const window = 2 * 1024 * 1024;

/** What went over channels, in order: answers to requests, and data of the client with the window that it left. */
export type Seen = { type: 'success' } | { type: 'data'; bytes: number; left: number };

/**
 * Lets every `ssh2.Server` of this process confirm channels with no window, as sshd does, and grant one when it answers the
 * request on it: `behind` the answer by so many milliseconds, or never. For one channel at a time.
 * So many bytes of it are granted `first`.
 */
export function lateWindows(
  behind: number | 'before' | 'never' = 'before',
  first = 0,
): Disposable & { seen: Seen[] } {
  const seen: Seen[] = [];
  const spies: MockInstance[] = [];
  let left = 0;
  const replace = <Name extends Exclude<keyof Protocol, '_server'>>(
    name: Name,
    act: (protocol: Protocol, original: Protocol[Name], ...given: Parameters<Protocol[Name]>) => void,
  ) => {
    const original = prototype[name];
    const spy = vi.spyOn(prototype, name) as unknown as MockInstance;
    spy.mockImplementation(function (this: Protocol, ...given: unknown[]) {
      act(this, original.bind(this) as Protocol[Name], ...(given as Parameters<Protocol[Name]>));
    } as never);
    spies.push(spy);
  };
  replace('channelOpenConfirm', (_protocol, confirm, to, id, _window, packet) => {
    left = 0;
    confirm(to, id, 0, packet);
  });
  replace('channelWindowAdjust', (protocol, adjust, to, bytes) => {
    if (protocol._server) left += bytes;
    adjust(to, bytes);
  });
  replace('channelSuccess', (protocol, success, to) => {
    seen.push({ type: 'success' });
    if (first > 0) protocol.channelWindowAdjust(to, first);
    if (behind === 'before') protocol.channelWindowAdjust(to, window);
    success(to);
    if (typeof behind === 'number') setTimeout(() => protocol.channelWindowAdjust(to, window), behind);
  });
  replace('channelData', (protocol, send, to, data) => {
    if (!protocol._server) {
      left -= data.length;
      seen.push({ type: 'data', bytes: data.length, left });
    }
    send(to, data);
  });
  return {
    seen,
    [Symbol.dispose]() {
      for (const spy of spies) spy.mockRestore();
    },
  };
}
