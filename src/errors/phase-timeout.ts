import type { SshTimeoutDetails } from './details.ts';
import { type ConnectPhase, connectPhases } from './phases.ts';
import * as classes from './timeouts.ts';

interface LateDetails extends Omit<SshTimeoutDetails, 'phase'> {
  phase?: SshTimeoutDetails['phase'];
  /** Replaces the text of the table. */
  late?: string | undefined;
  /** Text after the limit. */
  aside?: string | undefined;
  received?: string | undefined;
}

/**
 * The error of a phase whose limit has expired. Its class is named after the phase: without one, this does not
 * compile.
 */
export function phaseTimeout(name: ConnectPhase, details: LateDetails): classes.SshTimeout {
  const facts = connectPhases.find((phase) => phase.name === name)!;
  const { host, port, timeoutMs, late = facts.late, aside = '', ...more } = details;
  const className =
    `${name[0]!.toUpperCase()}${name.slice(1)}Timeout` as `${Capitalize<ConnectPhase>}Timeout`;
  // biome-ignore lint/performance/noDynamicNamespaceImportAccess: all of these classes are public, so none is shaken off
  return new classes[className](
    `${host}:${port} ${late} within ${timeoutMs} ms${aside} (option timeouts.${name})`,
    { phase: name, hint: facts.hint, retryable: true, host, port, timeoutMs, ...more },
  );
}
