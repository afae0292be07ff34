/**
 * A host or user name from outside (a form, a file, a URL) must not become code if a proxy command passes it to a
 * shell. The rules are those of OpenSSH since 9.6 (CVE-2023-51385; `valid_hostname` and `valid_ruser` in its ssh.c),
 * plus control characters in user names (refused since 10.1) and a `$` that a shell would expand.
 */
const unsafeInHost = /['`"$\\;&<>|(){}\s\p{Cc}]|^-/u;
const unsafeInUser = /['`";&<>|(){}\p{Cc}]|\$(?!$)|^-|\s-|\\$/u;

/** Whether a host name has no meaning to a shell and cannot be taken for an option. */
export function isSafeHostName(host: string): boolean {
  return !unsafeInHost.test(host);
}

/** Like `isSafeHostName`, but allows what is in use: `DOMAIN\user`, blanks and a final `$` (a machine account). */
export function isSafeUserName(username: string): boolean {
  return !unsafeInUser.test(username);
}
