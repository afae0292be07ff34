/**
 * The draft of SFTP 3 has the new link's path first. OpenSSH's server wants what the link points to first, and most
 * follow it. AsyncSSH's does so only for clients that call themselves OpenSSH or paramiko, and holds us to the draft;
 * Twisted's keeps to the draft with everybody.
 */
export function takesLinkPathFirst(serverVersion: string | undefined): boolean {
  return /^(SSH-2\.0-)?(?:AsyncSSH|Twisted)_/.test(serverVersion ?? '');
}
