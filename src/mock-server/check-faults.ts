import type { Faults } from './fault-types.ts';

const known = [
  'connections',
  'skip',
  'banner',
  'cut',
  'freeze',
  'handshake',
  'auth',
  'channel',
  'keepalive',
  'exec',
  'window',
  'disconnect',
  'throttle',
  'latencyMs',
  'sftp',
];

/** A misspelt fault would make a test pass that proves nothing: refuse it. */
export function checkFaults(faults: Faults | undefined): void {
  if (faults === undefined) return;
  if (typeof faults !== 'object' || faults === null)
    throw new TypeError(`faults must be an object or undefined, not ${String(faults)}`);
  for (const name of Object.keys(faults))
    if (!known.includes(name))
      throw new TypeError(`faults.${name} is unknown; there are ${known.join(', ')}`);
  const { cut, throttle, latencyMs = 0 } = faults;
  if (cut && !(Number.isInteger(cut.atByte) && cut.atByte >= 0))
    throw new RangeError(`faults.cut.atByte must be an integer of 0 or more, not ${cut.atByte}`);
  if (cut && cut.direction !== 'toClient' && cut.direction !== 'toServer')
    throw new TypeError(
      `faults.cut.direction must be 'toClient' or 'toServer', not ${String(cut.direction)}`,
    );
  if (cut && !['fin', 'rst', 'freeze'].includes(cut.how))
    throw new TypeError(`faults.cut.how must be 'fin', 'rst' or 'freeze', not ${String(cut.how)}`);
  if (throttle && !(throttle.bytesPerSecond > 0))
    throw new RangeError(
      `faults.throttle.bytesPerSecond must be more than 0, not ${throttle.bytesPerSecond}`,
    );
  if (!(latencyMs >= 0)) throw new RangeError(`faults.latencyMs must be 0 or more, not ${latencyMs}`);
}
