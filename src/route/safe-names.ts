/**
 * A host or user name that comes from outside (a form, a file, a URL) must not become code where a proxy command hands
 * it to a shell. The rules are those of OpenSSH since 9.6 (CVE-2023-51385; `valid_hostname` and `valid_ruser` in its
 * ssh.c), with control characters in user names (refused since 10.1) and a `$` that a shell would put a variable in for.
 */
const unsafeInHost = /['`"$\\;&<>|(){}\s\p{Cc}]|^-/u;
const unsafeInUser = /['`";&<>|(){}\p{Cc}]|\$(?!$)|^-|\s-|\\$/u;

/** Whether a host name means nothing to a shell, and is no option of a program. */
export function isSafeHostName(host: string): boolean {
  return !unsafeInHost.test(host);
}

/** As `isSafeHostName`; `DOMAIN\user`, blanks and a last `$` (a machine's account) are in use, and allowed. */
export function isSafeUserName(username: string): boolean {
  return !unsafeInUser.test(username);
}
