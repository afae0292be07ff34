/** A small text file without what editors and PowerShell add: a byte order mark, UTF-16. */
export function fileText(given: string | Buffer): string {
  const isWide = Buffer.isBuffer(given) && given[0] === 0xff && given[1] === 0xfe;
  return given.toString(isWide ? 'utf16le' : 'utf8').replace(/^\ufeff/, '');
}
