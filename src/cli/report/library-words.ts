/**
 * What the library says of its options and calls, as who uses the program knows it. A text goes through before it is
 * shown; what has no option here is said without a name.
 */
const words: ReadonlyArray<readonly [RegExp, string]> = [
  [/\boptions? timeouts\.(\w+)/g, '--$1-timeout'],
  [/\btimeouts\.(\w+)/g, '--$1-timeout'],
  [/\(option dir\)/g, '(--dir)'],
  [/\blistJobs\(\) tells which/g, 'job status DESTINATION tells which'],
  [/\boption stallTimeout\b/g, '--stall-timeout'],
  [
    /, or the check of its host key \(hostKey\.verify\) did not answer/g,
    ', or something between did not answer',
  ],
  [/\(hostKey\.fingerprint\)/g, '(--host-key)'],
  [/\(hostKey\.onUnknown: 'accept-new'\)/g, '(--accept-new)'],
  [/\bin hostKey\.knownHosts\b/g, 'by --known-hosts'],
  [/\bgive the right one as privateKeyPath\b/g, 'give the right one by --identity'],
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

/** The same of a jump host, which has options of its own. */
const jumpWords: ReadonlyArray<readonly [RegExp, string]> = [
  [/\(--host-key\)/g, '(--jump-host-key)'],
  [/by --identity\b/g, 'by --jump-identity'],
];

export function inOurWords(text: string, isJump = false): string {
  return [...words, ...(isJump ? jumpWords : [])].reduce(
    (said, [pattern, instead]) => said.replace(pattern, instead),
    text,
  );
}
