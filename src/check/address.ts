import { type Check, checkText } from './values.ts';
import { wrongRange } from './wrong.ts';

/** A name or an address, and nothing that stands around one in a URL or on a command line. */
export const host: Check = (name, value) => {
  // NI_MAXHOST: no resolver takes more.
  checkText(name, value, 'a host name or address', 1_024);
  // What stands before an @ may be a password.
  if (value.includes('@')) throw wrongAddress(name, value, 'without user');
  if (/[\s/\u0000-\u001f\u007f]/.test(value)) throw wrongAddress(name, value, 'without scheme or blanks');
  if (value.startsWith('-')) throw wrongRange(name, value, 'a name that does not begin with "-"');
  const [, inBrackets, outside, port] = /^(?:\[(.*)\]|([^:[\]]*))(?::(\d*))?$/.exec(value) ?? [];
  const alone = inBrackets ?? outside;
  if (port !== undefined) throw wrongRange(name, value, `'${alone}' here and ${port || 'a number'} in port`);
  if (inBrackets !== undefined) throw wrongRange(name, value, `'${inBrackets}', without brackets,`);
};

function wrongAddress(name: string, value: string, without: string): RangeError {
  const right = `a host name or address alone, ${without},`;
  const [, password] = /:([^/@]+)@/.exec(value) ?? [];
  return wrongRange(name, password === undefined ? value : value.replace(password, '***'), right);
}
