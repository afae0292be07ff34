import { Buffer } from 'node:buffer';
import { StringDecoder } from 'node:string_decoder';
import { wrongRange, wrongType } from '../../check/wrong.ts';
import { loadIconv } from '../../load/on-demand.ts';

/** Text from bytes that arrive in pieces; a character may be cut anywhere. */
export interface Decoder {
  /** The text that `chunk` completes. */
  write(chunk: Buffer): string;
  /** What is left: U+FFFD for a character that was cut off. */
  end(): string;
}

/**
 * A decoder for one stream. UTF-8 goes through Node; everything else through iconv-lite, because Node's own
 * TextDecoder gets most Hangul of code page 949 wrong without saying so.
 *
 * The text is what came: a byte order mark stays in it, bytes that mean nothing become U+FFFD.
 *
 * @param encoding `utf8`, `cp949`, `cp932`, `gbk`, `cp1252`, `utf16le`, or any other name that iconv-lite knows.
 * @throws TypeError or RangeError as `assertEncoding`.
 */
export function createDecoder(encoding: string): Decoder {
  assertEncoding(encoding);
  if (isUtf8(encoding)) return new StringDecoder('utf8');
  const decoder = loadIconv().getDecoder(encoding, { stripBOM: false });
  const decode: Decoder = {
    write: (chunk) => decoder.write(chunk),
    end: () => decoder.end() ?? '',
  };
  return isUtf16le(encoding) ? markOddByte(decode) : holdCutCharacter(decode, decoder);
}

/** `text` as bytes. Characters that `encoding` does not have become `?`; no byte order mark is added. */
export function encode(text: string, encoding: string): Buffer {
  assertEncoding(encoding);
  return isUtf8(encoding) ? Buffer.from(text, 'utf8') : loadIconv().encode(text, encoding, { addBOM: false });
}

/**
 * Throws unless `encoding` names an encoding of text.
 *
 * @param option The option's name, for the message.
 * @throws TypeError when it is not a string, RangeError when no such encoding is known.
 */
export function assertEncoding(encoding: unknown, option = 'encoding'): asserts encoding is string {
  if (typeof encoding !== 'string') {
    throw wrongType(option, encoding, rightEncoding);
  }
  if (isUtf8(encoding)) return;
  if (notText.test(encoding) || !loadIconv().encodingExists(encoding)) {
    throw wrongRange(option, encoding, rightEncoding);
  }
}

const rightEncoding = "'utf8', 'cp949' or another name that iconv-lite knows";

// iconv-lite knows these as well, but they write bytes as text instead of reading text from bytes.
const notText = /^(?:base64|hex)$/i;

function isUtf8(encoding: string): boolean {
  return encoding === 'utf8' || /^utf-?8$/i.test(encoding);
}

function isUtf16le(encoding: string): boolean {
  return /^(?:utf-?16-?le|ucs-?2)$/i.test(encoding);
}

/** Node's UTF-16 decoder drops an odd byte at the end; a cut-off output must not look whole. */
function markOddByte(decoder: Decoder): Decoder {
  let length = 0;
  return {
    write(chunk) {
      length += chunk.length;
      return decoder.write(chunk);
    },
    end: () => decoder.end() + (length % 2 === 1 ? '\ufffd' : ''),
  };
}

/**
 * iconv-lite's decoder for double-byte code pages has room for as many characters as a chunk has bytes. A first byte
 * left from the chunk before, that turns out to be wrong, needs one more, and the last character of the chunk (it may
 * be the line end) is lost. So such a byte is taken back and put before the next chunk.
 */
function holdCutCharacter(decode: Decoder, internals: object): Decoder {
  let held: Buffer = Buffer.alloc(0);
  return {
    write(chunk) {
      const text = decode.write(held.length > 0 ? Buffer.concat([held, chunk]) : chunk);
      const { prevBytes, nodeIdx } = internals as { prevBytes?: unknown; nodeIdx?: unknown };
      if (!Array.isArray(prevBytes) || typeof nodeIdx !== 'number') return text;
      held = Buffer.from(prevBytes);
      Object.assign(internals, { prevBytes: [], nodeIdx: 0 });
      return text;
    },
    end() {
      const text = held.length > 0 ? decode.write(held) : '';
      held = Buffer.alloc(0);
      return text + decode.end();
    },
  };
}
