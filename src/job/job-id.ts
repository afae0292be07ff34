import { wrongType } from '../check/wrong.ts';

const pattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;

/** Windows device names, in any case and with any extension. */
const deviceName = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;

/** Whether `id` can name a folder on every system. */
export function isJobId(id: string): boolean {
  return pattern.test(id) && !id.endsWith('.') && !deviceName.test(id);
}

/** @throws {TypeError} unless `id` can name a folder on every system. */
export function checkJobId(id: unknown): asserts id is string {
  if (typeof id !== 'string' || !pattern.test(id) || id.endsWith('.')) {
    const right =
      '1 to 100 characters of A-Z a-z 0-9 . _ -, beginning with a letter, a digit or _ and not ending with a dot,';
    throw wrongType('id', id, right);
  }
  if (deviceName.test(id)) throw wrongType('id', id, 'a name that is not a device on Windows');
}
