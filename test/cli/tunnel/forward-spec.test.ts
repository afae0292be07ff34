import { expect, test } from 'vitest';
import { parseForward } from '../../../src/cli/tunnel/forward-spec.ts';

test.each([
  ['9012:127.0.0.1:22', { listenPort: 9012, target: { host: '127.0.0.1', port: 22 } }],
  ['0.0.0.0:9012:pc:22', { listenHost: '0.0.0.0', listenPort: 9012, target: { host: 'pc', port: 22 } }],
  ['*:9012:pc:22', { listenHost: '0.0.0.0', listenPort: 9012, target: { host: 'pc', port: 22 } }],
  [':9012:pc:22', { listenHost: '0.0.0.0', listenPort: 9012, target: { host: 'pc', port: 22 } }],
  ['[::1]:9012:[::1]:22', { listenHost: '::1', listenPort: 9012, target: { host: '::1', port: 22 } }],
  ['/run/pc.sock:pc:22', { listenPath: '/run/pc.sock', target: { host: 'pc', port: 22 } }],
])('%s is read as ssh -R reads it', (text, spec) => {
  expect(parseForward(text)).toEqual(spec);
});

test.each(['9012', '9012:22', 'pc:22', '9012:pc', '0:pc:22', '9012:pc:70000', 'a:b:c', ''])(
  '%j is refused with an example',
  (text) => {
    expect(() => parseForward(text)).toThrow(/^--forward: .* would be right/);
  },
);
