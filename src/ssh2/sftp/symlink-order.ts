/**
 * In the draft of SFTP version 3, the path of the new link comes first. OpenSSH's server expects the target first, and
 * most servers follow it. AsyncSSH does so only for clients that identify themselves as OpenSSH or paramiko, so it
 * expects the draft's order from us; Twisted expects the draft's order from everyone.
 */
export function takesLinkPathFirst(serverVersion: string | undefined): boolean {
  return /^(SSH-2\.0-)?(?:AsyncSSH|Twisted)_/.test(serverVersion ?? '');
}
