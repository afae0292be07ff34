import { given } from '../../check/given.ts';
import type { Settings } from '../args/settings.ts';
import type { HostKeyOption, KnownHostsOption } from '../library.ts';
import { UsageError } from '../usage-error.ts';

/** How to check the host key according to the user's options; `configured` comes from ssh_config. */
export function hostKeyOf(
  settings: Settings,
  configured: HostKeyOption | undefined,
): HostKeyOption | undefined {
  const fingerprint = settings.list('host-key');
  const isInsecure = settings.flag('insecure-accept-any-host-key');
  const hasLookup = Object.keys(knownHostsOf(settings)).length > 0;
  if ([fingerprint.length > 0, isInsecure, hasLookup].filter(Boolean).length > 1) {
    throw new UsageError(
      'Give only one of these for the host key: --host-key, or known_hosts (--known-hosts, --host-key-alias, --accept-new), or --insecure-accept-any-host-key',
    );
  }
  if (isInsecure) return 'insecure-accept-any';
  if (fingerprint.length > 0) return { fingerprint: fingerprint.flatMap((one) => one.split(',')) };
  return knownHostsOver(settings, configured);
}

/** The known_hosts lookup with the user's options applied. */
export function knownHostsOver(
  settings: Settings,
  configured: HostKeyOption | undefined,
): HostKeyOption | undefined {
  const lookup = knownHostsOf(settings);
  if (Object.keys(lookup).length === 0) return configured;
  const { onUnknown: _onUnknown, ...where } = lookup;
  if (configured === undefined || isLookup(configured)) return { ...configured, ...lookup };
  // --accept-new concerns unknown keys, and a pinned key is known.
  return Object.keys(where).length === 0 ? configured : lookup;
}

function knownHostsOf(settings: Settings): KnownHostsOption {
  const knownHosts = settings.list('known-hosts');
  const alias = settings.text('host-key-alias');
  return {
    ...(knownHosts.length > 0 ? { knownHosts } : {}),
    ...given({ alias }),
    ...(settings.flag('accept-new') ? { onUnknown: 'accept-new' as const } : {}),
  };
}

function isLookup(option: HostKeyOption | undefined): option is KnownHostsOption {
  if (typeof option !== 'object') return false;
  return !('fingerprint' in option || 'key' in option || 'verify' in option);
}
