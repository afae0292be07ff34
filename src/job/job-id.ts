import { typeName } from '../check/wrong.ts';
import { quoted } from '../text/printable.ts';

const pattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;

/** Names of devices on Windows, in any case and with any extension. */
const deviceName = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;

/** Whether a text can name a folder on every system. */
export function isJobId(id: string): boolean {
  return pattern.test(id) && !id.endsWith('.') && !deviceName.test(id);
}

/** Throws a TypeError unless `id` can name a folder on every system. */
export function checkJobId(id: unknown): asserts id is string {
  const right =
    '1 to 100 characters of A-Z a-z 0-9 . _ - would be right, beginning with a letter, a digit or _ and not ending with a dot';
  if (typeof id !== 'string') {
    throw new TypeError(`option id: ${typeName(id)} given; ${right}`);
  }
  if (!pattern.test(id) || id.endsWith('.'))
    throw new TypeError(`option id: ${quoted(id, 120)} given; ${right}`);
  if (deviceName.test(id)) {
    throw new TypeError(
      `option id: ${quoted(id)} given, which names a device on Windows; another name would be right`,
    );
  }
}
