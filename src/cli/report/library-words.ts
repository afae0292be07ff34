/**
 * Replaces the library's names of options and calls by those of this program. A text passes through here before it is
 * shown; what has no option here is described without a name.
 */
const words: ReadonlyArray<readonly [RegExp, string]> = [
  [/\boptions? timeouts\.(\w+)/g, '--$1-timeout'],
  [/\btimeouts\.(\w+)/g, '--$1-timeout'],
  [/\(option dir\)/g, '(--dir)'],
  [/\blistJobs\(\) lists/g, 'job status DESTINATION lists'],
  [/\boption stallTimeout\b/g, '--stall-timeout'],
  [/\(option timeout\)/g, '(--timeout)'],
  [/\(option pty\)/g, '(--tty)'],
  [/ \(option (?:maxBuffer|connectTimeout)\)/g, ''],
  [/, or use powershell\(\), which sends long scripts through stdin/g, ''],
  [/\bthe option `reclaim` of keepReverseTunnel frees/g, '--reclaim frees'],
  [/\blistenHost\b/g, 'The address to listen on'],
  [/\bhostKey\.authority wants\b/g, 'the authority on record wants'],
  [/\bhostKey\.onUnknown 'accept-new' trusts/g, '--accept-new trusts'],
  [/\bhostKey\.alias pins/g, '--host-key-alias pins'],
  [/\bgive hostKey: \{ alias: '([^']*)' \}/g, 'give --host-key-alias $1'],
  [/\b(but )?hostKey pins\b/g, '$1the pinned one is'],
  [/ via: jumpHost\(\.\.\.\), or --jump on the command line/g, ' use --jump'],
  [/; interactive\.runLevel 'highest' always accepts one/g, ''],
  [/\bomit the option interactive\b/g, 'omit --interactive'],
  [
    /\blet each use keep: true and clear up later \(removeJobs\)/g,
    'let none remove it before all have its result',
  ],
  [/\bremoveJobs deletes jobs that have ended\b/g, 'job remove deletes one that has ended'],
  [/\bsftp\.chmod\(path, 0o666\), or attrib -r,/g, 'attrib -r'],
  [/\bverify: false omits the check\b/g, '--verify none omits the check'],
  [/\bverify: '(\w+)' (reads the copy back|does not)\b/g, '--verify $1 $2'],
  [/\bOnly preserve: true sets\b/g, 'Only --preserve sets'],
  [
    /\bname plain algorithms in algorithms\.serverHostKey\b/g,
    'name plain ones in HostKeyAlgorithms of ssh_config',
  ],
  [
    /\bname what it offers in the option algorithms\b/g,
    'add what it offers with + in ssh_config: KexAlgorithms, HostKeyAlgorithms, Ciphers or MACs',
  ],
  [
    /\bName what it offers in the option algorithms: either the server is old, or that option leaves it out\./g,
    'Add what it offers with + in ssh_config (KexAlgorithms, HostKeyAlgorithms, Ciphers or MACs): either the server is old, or that file leaves it out.',
  ],
  [/\bno algorithms\.kex without it\b/g, 'no KexAlgorithms of ssh_config without it'],
  [/\bthe option algorithms\.serverHostKey leaves out\b/g, 'HostKeyAlgorithms of ssh_config leaves out'],
  [/\bthe option algorithms\.publicKey leaves out\b/g, 'PubkeyAcceptedAlgorithms of ssh_config leaves out'],
  [/,? by close\(\)/g, ' by this program'],
  [
    /, or the check of its host key \(hostKey\.verify\) did not answer/g,
    ', or something between did not answer',
  ],
  [/\bholds none of agentKeys\b/g, 'holds no key that ssh_config names'],
  [/\(hostKey\.fingerprint\)/g, '(--host-key)'],
  [/\(hostKey\.onUnknown: 'accept-new'\)/g, '(--accept-new)'],
  [/\bin hostKey\.knownHosts\b/g, 'by --known-hosts'],
  [/\bgive the right one( alone)? as privateKeyPath\b/g, 'give the right one$1 by --identity'],
  [/\breclaim: \{ unnoted: 'only-session' \} allows more/g, '--reclaim-unnoted allows more'],
  [
    /\(await connection\.sftp\(\)\)\.mkdir\(folder, \{ recursive: true \}\)/g,
    'ssh-via-gateway mkdir --parents DESTINATION FOLDER',
  ],
  [/\buse atomic: false/g, 'use --in-place'],
  [/\brunJob\(\) runs a command once/g, 'job start runs a command once'],
  [/; leave it out with the option filter/g, '; move it out of the folder'],
  [/\blocalPath (?=")/g, 'LOCAL '],
  [/; listenPort 0 takes a free port/g, ''],
  [/Raise maxBuffer, or set it to 0 and read the output as a stream, by lines or in onStdout\./g, ''],
];

/** The same for a jump host, which has options of its own. */
const jumpWords: ReadonlyArray<readonly [RegExp, string]> = [
  [/\(--host-key\)/g, '(--jump-host-key)'],
  [/\bgive --host-key-alias ([^\s,;:]*[^\s,;:.])/g, 'give it HostKeyAlias $1 in ssh_config'],
  [/by --identity\b/g, 'by --jump-identity'],
];

export function inOurWords(text: string, isJump = false): string {
  return [...words, ...(isJump ? jumpWords : [])].reduce(
    (said, [pattern, instead]) => said.replace(pattern, instead),
    text,
  );
}
