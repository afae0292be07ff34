import { expect, test } from 'vitest';
import { checkOptions } from '../../src/check/options.ts';
import { hostNameChecks, lookupNames } from '../../src/host-key/known-hosts/name.ts';

test.each([
  [{ host: 'Host.Example' }, { name: 'host.example' }],
  [{ host: 'host', port: 22 }, { name: 'host' }],
  [
    { host: 'Host', port: 2222 },
    { name: '[host]:2222', withoutPort: 'host' },
  ],
  [
    { host: '10.0.0.1', port: 2222 },
    { name: '[10.0.0.1]:2222', withoutPort: '10.0.0.1' },
  ],
  [{ host: 'host', port: 2222, alias: 'Customer-A' }, { name: 'customer-a' }],
  [{ host: 'host.' }, { name: 'host.' }],
  [{ host: 'K\u00dcCHE' }, { name: 'k\xc3\x9cche' }],
  // addresses as getnameinfo writes them
  [{ host: '2001:DB8:0:0::7' }, { name: '2001:db8::7' }],
  [
    { host: '::1', port: 2222 },
    { name: '[::1]:2222', withoutPort: '::1' },
  ],
  [{ host: '0:0:0:0:0:0:0:0' }, { name: '::' }],
  [{ host: '1:0:0:2:0:0:0:3' }, { name: '1:0:0:2::3' }],
  [{ host: '1:0:2:3:4:5:6:7' }, { name: '1:0:2:3:4:5:6:7' }],
  [{ host: '1:2:3:4:5:6:0:0' }, { name: '1:2:3:4:5:6::' }],
  [{ host: '::ffff:10.20.30.40' }, { name: '::ffff:10.20.30.40' }],
  [{ host: '::FFFF:0A14:1E28' }, { name: '::ffff:10.20.30.40' }],
  [{ host: 'FE80::0001%eth0' }, { name: 'fe80::1%eth0' }],
])('%j is looked up as %j', (given, expected) => {
  expect(lookupNames(given)).toEqual(expected);
});

test.each([
  [{ host: '' }, RangeError, 'host'],
  [{ host: 'a b' }, RangeError, 'host'],
  [{ host: 'a\nb' }, RangeError, 'host'],
  [{ host: 'a\0b' }, RangeError, 'host'],
  [{ host: 'a\u2028b' }, RangeError, 'host'],
  [{ host: 'x'.repeat(1026) }, RangeError, 'host'],
  [{ host: undefined as unknown as string }, TypeError, 'host'],
  [{ host: 7 as unknown as string }, TypeError, 'host'],
  [{ host: 'a', port: 0 }, RangeError, 'port'],
  [{ host: 'a', port: 65_536 }, RangeError, 'port'],
  [{ host: 'a', port: 1.5 }, RangeError, 'port'],
  [{ host: 'a', port: Number.NaN }, RangeError, 'port'],
  [{ host: 'a', port: '22' as unknown as number }, TypeError, 'port'],
  [{ host: 'a', alias: '' }, RangeError, 'alias'],
  [{ host: 'a', alias: 'b\tc' }, RangeError, 'alias'],
  [{ host: 'a', alias: null as unknown as string }, TypeError, 'alias'],
])('%j is rejected with a %o that names the option', (given, kind, option) => {
  const check = () => checkOptions(given, hostNameChecks);
  expect(check).toThrow(kind);
  expect(check).toThrow(new RegExp(`^option ${option}: .* would be right`, 's'));
});
