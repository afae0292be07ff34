/** The greetings of other services, as they are shown: escaped, and with replacement characters for invalid UTF-8. */
const greetings: ReadonlyArray<readonly [greeting: RegExp, service: string]> = [
  [/^220[ -].*ftp/i, 'FTP'],
  [/^220[ -].*(?:smtp|mail)/i, 'SMTP'],
  [/^220[ -]/, 'FTP or SMTP'],
  [/^\+OK/, 'POP3'],
  [/^\* (?:OK|PREAUTH|BYE)\b/, 'IMAP'],
  [/^-(?:ERR|NOAUTH|DENIED)\b/, 'Redis or POP3'],
  [/^RFB \d{3}\./, 'VNC'],
  [/^RTSP\/\d/, 'RTSP'],
  [/^SIP\/\d/, 'SIP'],
  [/^AMQP/, 'AMQP'],
  [/^@RSYNCD:/, 'rsync'],
  [/^.{1,4}\\x00\\x00\\x00\\n\d+\.\d/, 'MySQL'],
  // TPKT (RFC 1006), with which Remote Desktop begins.
  [/^\\x03\\x00\\x00/, 'Remote Desktop (RDP)'],
  // IAC and a command, twice (RFC 854).
  [/^(?:\ufffd\ufffd(?:\\x[0-9a-f]{2}|[ -'])){2}/, 'telnet'],
];

/** Which service greets like this, or an empty string. */
export function serviceOf(received: string): string {
  return greetings.find(([greeting]) => greeting.test(received))?.[1] ?? '';
}
