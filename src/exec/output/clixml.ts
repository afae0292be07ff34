/**
 * Windows PowerShell 5.1, started with `-EncodedCommand`, writes its own messages to a redirected stderr as XML:
 * the line `#< CLIXML`, then `<Objs ...><S S="warning">text</S>...</Objs>`, with what programs write to stderr
 * between the pieces. (Since PowerShell 7 `-OutputFormat Text` prevents it.) This turns it back into text.
 */
export interface ClixmlFilter {
  /** `text` without XML, as far as it is complete. */
  write(text: string): string;
  /** The rest, as it came. */
  end(): string;
}

const header = '#< CLIXML';

/** More than this is not a message of PowerShell: it is passed on as it came instead of being held. */
const maxHeld = 1_048_576;

/** A filter for one stream of stderr. Text in which PowerShell never announced XML passes unchanged. */
export function createClixmlFilter(): ClixmlFilter {
  let held = '';
  let inXml = false;
  let atLineStart = true;

  const step = (): string | undefined => {
    const taken = inXml ? takeXml(held) : takeText(held, atLineStart);
    if (!taken) return undefined;
    if (taken.text) atLineStart = taken.text.endsWith('\n');
    held = held.slice(taken.length);
    inXml = taken.inXml;
    return taken.text;
  };

  return {
    write(text) {
      held += text;
      let out = '';
      for (let part = step(); part !== undefined; part = step()) out += part;
      return held.length > maxHeld ? out + this.end() : out;
    },
    end() {
      const rest = held;
      held = '';
      return rest;
    },
  };
}

/** `length` characters of the input are done with and gave `text`. */
interface Taken {
  length: number;
  text: string;
  inXml: boolean;
}

/** Outside of XML: everything up to the line that announces it. */
function takeText(input: string, atLineStart: boolean): Taken | undefined {
  if (input === '') return undefined;
  const announced = /^#< CLIXML\r?\n/.exec(input);
  if (atLineStart && announced) return { length: announced[0].length, text: '', inXml: true };
  if (atLineStart && mayBecome(input, header)) return undefined;
  const end = input.indexOf('\n') + 1 || input.length;
  return { length: end, text: input.slice(0, end), inXml: false };
}

/** Inside: one message, one tag, or the text of a program up to the next tag. */
function takeXml(input: string): Taken | undefined {
  if (input === '') return undefined;
  const tag = input.indexOf('<');
  if (tag !== 0) {
    const length = tag < 0 ? input.length : tag;
    return { length, text: input.slice(0, length), inXml: true };
  }
  const message = /^<S S="(\w+)">([^<]*)<\/S>/.exec(input);
  if (message) return { length: message[0].length, text: messageText(message[1], message[2]), inXml: true };
  const frame = /^<(\/?)Objs\b[^>]*>/.exec(input);
  if (frame) return { length: frame[0].length, text: '', inXml: frame[1] === '' };
  const length = objectLength(input);
  if (length > 0) return { length, text: '', inXml: true };
  const incomplete = ['<S S="', '<Objs', '</Objs>', '<Obj '].some((start) => mayBecome(input, start));
  return incomplete ? undefined : { length: 1, text: '<', inXml: true };
}

/** Progress and information records are objects; what `Write-Host` shows goes to stdout as well. 0: no whole one. */
function objectLength(input: string): number {
  if (!input.startsWith('<Obj ')) return 0;
  let depth = 0;
  for (const tag of input.matchAll(/<(\/?)Obj\b[^>]*?(\/?)>/g)) {
    if (tag[1]) depth -= 1;
    else if (!tag[2]) depth += 1;
    if (depth === 0) return tag.index + tag[0].length;
  }
  return 0;
}

/** Whether `input` begins with `start` or may, once more of it is there. */
function mayBecome(input: string, start: string): boolean {
  return input.startsWith(start) || start.startsWith(input);
}

function messageText(stream = '', encoded = ''): string {
  const text = encoded
    .replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => entities[name] ?? '')
    .replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  const kind = stream.toLowerCase();
  if (kind === 'error') return text;
  return kind === 'warning' || kind === 'verbose' || kind === 'debug'
    ? `${kind.toUpperCase()}: ${text}\r\n`
    : '';
}

const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
