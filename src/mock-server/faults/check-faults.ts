import { checkNames } from '../check-names.ts';
import { faultsSpec } from './fault-names.ts';
import type { Faults } from './fault-types.ts';

/** A misspelt fault would make a test pass that proves nothing: refuse it. */
export function checkFaults(faults: Faults | undefined): void {
  if (faults === undefined) return;
  checkNames('faults', faults, faultsSpec);
  const { cut, throttle, latencyMs = 0 } = faults;
  if (cut && !(Number.isInteger(cut.atByte) && cut.atByte >= 0))
    throw new RangeError(`faults.cut.atByte must be an integer of 0 or more, not ${cut.atByte}`);
  if (cut && (cut.direction === undefined || cut.how === undefined))
    throw new TypeError('faults.cut must say its direction, atByte and how');
  if (throttle && !(throttle.bytesPerSecond > 0))
    throw new RangeError(
      `faults.throttle.bytesPerSecond must be more than 0, not ${throttle.bytesPerSecond}`,
    );
  if (!(latencyMs >= 0)) throw new RangeError(`faults.latencyMs must be 0 or more, not ${latencyMs}`);
}
