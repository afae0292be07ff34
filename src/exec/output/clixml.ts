/**
 * Turns CLIXML back into text. Windows PowerShell 5.1, started with `-EncodedCommand`, writes its own messages to a
 * redirected stderr as XML: the line `#< CLIXML`, then `<Objs ...><S S="warning">text</S>...</Objs>`, mixed with what
 * programs write to stderr. (PowerShell 7 does not with `-OutputFormat Text`.)
 */
interface ClixmlFilter {
  /** Returns the text that is complete so far, without XML. */
  write(text: string): string;
  /** Returns the rest, unchanged. */
  end(): string;
}

/** A filter for one stderr stream. Text without a CLIXML announcement passes unchanged. */
export function createClixmlFilter(): ClixmlFilter {
  return new Clixml();
}

const announcements = ['#< CLIXML\r\n', '#< CLIXML\n'];
const longestAnnouncement = 11;

/** Prefixes of the tags that are recognized. */
const tagStarts = ['<S S="', '</S>', '<Objs ', '<Objs>', '</Objs>', '<Obj ', '<Obj>', '</Obj>'];
/** Limit in characters. PowerShell's own tags have a few dozen. */
const longestTag = 1_024;
/** Limit in characters. Anything longer is not a PowerShell message and is passed on unchanged. */
const maxHeld = 1_048_576;

/** Reads each character once, however the text is split: it comes from the server, so time must stay linear. */
class Clixml implements ClixmlFilter {
  #out = '';
  #atLineStart = true;
  #inXml = false;
  /** The beginning of an announcement or tag whose end has not arrived yet. */
  #pending = '';
  /** An incomplete message or object from its first tag on, unchanged. */
  #held = '';
  #message: { kind: string; textStart: number } | undefined;
  /** Number of open `<Obj>` tags. */
  #depth = 0;

  write(text: string): string {
    for (let at = 0; at < text.length; )
      at = this.#inXml ? this.#readXml(text, at) : this.#readLine(text, at);
    return this.#taken();
  }

  end(): string {
    this.#letGo();
    this.#emit(this.#pending);
    this.#pending = '';
    return this.#taken();
  }

  /** Outside XML: reads up to the announcement. Returns the position to continue at. */
  #readLine(text: string, at: number): number {
    if (this.#atLineStart) return this.#readLineStart(text, at);
    const end = text.indexOf('\n', at) + 1 || text.length;
    this.#emit(text.slice(at, end));
    return end;
  }

  #readLineStart(text: string, at: number): number {
    const before = this.#pending;
    const start = before + text.slice(at, at + longestAnnouncement);
    const announced = announcements.find((line) => start.startsWith(line));
    const mayCome = !announced && announcements.some((line) => line.startsWith(start));
    this.#pending = mayCome ? start : '';
    if (mayCome) return text.length;
    if (announced) {
      this.#inXml = true;
      return at + announced.length - before.length;
    }
    this.#emit(before);
    this.#atLineStart = false;
    return at;
  }

  /** Inside XML: reads text up to the next tag, or a tag as far as it has arrived. */
  #readXml(text: string, at: number): number {
    if (this.#pending === '') {
      const tag = text.indexOf('<', at);
      this.#addText(text.slice(at, tag < 0 ? text.length : tag));
      this.#pending = tag < 0 ? '' : '<';
      return tag < 0 ? text.length : tag + 1;
    }
    const border = borderAfter(text, at);
    const end = text[border] === '>' ? border + 1 : border;
    this.#pending += text.slice(at, end);
    this.#judgePending(end > border, border < text.length);
    return end;
  }

  #judgePending(isTag: boolean, isOver: boolean): void {
    const tag = this.#pending;
    const mayBeTag = tag.length <= longestTag && tagStarts.some((start) => mayBecome(tag, start));
    if (mayBeTag && !isOver) return;
    this.#pending = '';
    if (mayBeTag && isTag) this.#addTag(tag);
    else this.#addText(tag);
  }

  #addText(text: string): void {
    if (this.#held === '') this.#emit(text);
    else this.#hold(text);
  }

  #addTag(tag: string): void {
    if (this.#depth > 0) return this.#addToObject(tag);
    if (this.#message && tag === '</S>') return this.#endMessage(this.#message);
    this.#letGo();
    const kind = /^<S S="(\w+)">$/.exec(tag)?.[1];
    if (kind !== undefined) {
      this.#held = tag;
      this.#message = { kind, textStart: tag.length };
    } else if (/^<\/?Objs\b/.test(tag)) this.#inXml = tag[1] !== '/';
    else if (tag.startsWith('<Obj')) this.#addToObject(tag);
    else this.#emit(tag);
  }

  /** Objects are progress and information records. They are dropped: `Write-Host` output is on stdout as well. */
  #addToObject(tag: string): void {
    if (tag === '</Obj>') this.#depth -= 1;
    else if (/^<Obj\b/.test(tag) && !tag.endsWith('/>')) this.#depth += 1;
    if (this.#depth === 0) this.#held = '';
    else this.#hold(tag);
  }

  #endMessage({ kind, textStart }: { kind: string; textStart: number }): void {
    const encoded = this.#held.slice(textStart);
    this.#held = '';
    this.#message = undefined;
    this.#emit(messageText(kind, encoded));
  }

  #hold(text: string): void {
    this.#held += text;
    if (this.#held.length > maxHeld) this.#letGo();
  }

  /** Passes on held text that was not a message after all, or never ended. */
  #letGo(): void {
    this.#emit(this.#held);
    this.#held = '';
    this.#message = undefined;
    this.#depth = 0;
  }

  #emit(text: string): void {
    if (text === '') return;
    this.#out += text;
    this.#atLineStart = text.endsWith('\n');
  }

  #taken(): string {
    const out = this.#out;
    this.#out = '';
    return out;
  }
}

/** The position of the next `<` or `>`, or the text's length. */
function borderAfter(text: string, at: number): number {
  const border = /[<>]/g;
  border.lastIndex = at;
  return border.exec(text)?.index ?? text.length;
}

/** Whether `input` begins with `start`, or might once more of it has arrived. */
function mayBecome(input: string, start: string): boolean {
  return input.startsWith(start) || start.startsWith(input);
}

function messageText(stream: string, encoded: string): string {
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
