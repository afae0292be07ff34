/** The versions of OpenSSH for Windows that behave differently: 7.7 of Windows Server 2019 to 9.8. */
export const windowsVersions = ['7.7', '8.1', '8.6', '9.5', '9.8'] as const;

/** See {@link windowsVersions}. */
type WindowsVersion = (typeof windowsVersions)[number];

/** What one version does differently from OpenSSH elsewhere. */
export interface WindowsFacts {
  readonly version: WindowsVersion;
  /** Bytes that one WRITE stores at most; of a longer one the rest is lost, and the answer is FAILURE. */
  readonly maxWrite: number;
  /** Bytes that a READ is answered with at most, whatever `limits@openssh.com` says. */
  readonly maxRead: number;
  /** Whether `posix-rename@openssh.com` replaces a file in one step. If not it removes the target first. */
  readonly renameReplaces: boolean;
  /** Whether a file keeps a mode. If not there is one bit of it, the read-only attribute, which guards from renames too. */
  readonly keepsMode: boolean;
  /** Whether a real path has its links resolved: nowhere yet, `_wfullpath` knows of none. */
  readonly realPathFollowsLinks: boolean;
  /** The longest path, in UTF-16 units from its drive letter on (MAX_PATH without its final NUL). */
  readonly maxPath: number;
  /** The extensions of SFTP that the server offers, and their versions. */
  readonly extensions: Readonly<Record<string, string>>;
}

/** The 100 KiB buffer of one file operation (win32compat/fileio.c). */
const fileBuffer = 102_400;
const unlimited = Number.POSITIVE_INFINITY;

const first: WindowsFacts = {
  version: '7.7',
  maxWrite: fileBuffer,
  maxRead: fileBuffer,
  renameReplaces: false,
  keepsMode: false,
  realPathFollowsLinks: false,
  maxPath: 259,
  extensions: {
    'posix-rename@openssh.com': '1',
    'statvfs@openssh.com': '2',
    'hardlink@openssh.com': '1',
    'fsync@openssh.com': '1',
  },
};

const with81: WindowsFacts = {
  ...first,
  version: '8.1',
  extensions: { ...first.extensions, 'lsetstat@openssh.com': '1' },
};

// Here PowerShell/openssh-portable took in a write of any length (pull request 502) and MoveFileEx (438).
const with86: WindowsFacts = {
  ...with81,
  version: '8.6',
  maxWrite: unlimited,
  renameReplaces: true,
  extensions: { ...with81.extensions, 'limits@openssh.com': '1' },
};

const with95: WindowsFacts = {
  ...with86,
  version: '9.5',
  extensions: { ...with86.extensions, 'expand-path@openssh.com': '1', 'copy-data': '1' },
};

const facts: Readonly<Record<WindowsVersion, WindowsFacts>> = {
  '7.7': first,
  '8.1': with81,
  '8.6': with86,
  '9.5': with95,
  '9.8': { ...with95, version: '9.8' },
};

export function factsOf(version: WindowsVersion): WindowsFacts {
  return facts[version];
}

const named = /OpenSSH_for_Windows(?:_(\d+)\.(\d+))?/i;

/**
 * What is known of the server that sent this identification line; undefined when it is not OpenSSH for Windows. A
 * version between two that are known is taken for the older one, an unreadable one for the oldest.
 */
export function windowsFacts(serverVersion: string | undefined): WindowsFacts | undefined {
  const found = named.exec(serverVersion ?? '');
  if (!found) return undefined;
  const number = ordinal(found[1], found[2]);
  const known = windowsVersions.filter((version) => ordinal(...version.split('.')) <= number);
  return facts[known.at(-1) ?? '7.7'];
}

function ordinal(major = '0', minor = '0'): number {
  return Number(major) * 1000 + Number(minor);
}
