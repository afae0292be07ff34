import { Buffer } from 'node:buffer';
import { StringDecoder } from 'node:string_decoder';
import { wrongRange, wrongType } from '../../check/wrong.ts';
import { loadIconv } from '../../load/on-demand.ts';

/** Decodes a byte stream; a character may be split across chunks. */
export interface Decoder {
  /** Returns the text that `chunk` completes. */
  write(chunk: Buffer): string;
  /** Returns the rest: U+FFFD for an incomplete character. */
  end(): string;
}

/**
 * A decoder for one stream. UTF-8 is decoded by Node, everything else by iconv-lite: Node's TextDecoder silently gets
 * most Hangul of code page 949 wrong.
 *
 * A byte order mark is kept; invalid bytes become U+FFFD.
 *
 * @param encoding `utf8`, `cp949`, `cp932`, `gbk`, `cp1252`, `utf16le`, or any other name that iconv-lite knows.
 * @throws {TypeError | RangeError} as `assertEncoding` does.
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

/** Encodes `text`. Characters that `encoding` cannot represent become `?`; no byte order mark is added. */
export function encode(text: string, encoding: string): Buffer {
  assertEncoding(encoding);
  return isUtf8(encoding) ? Buffer.from(text, 'utf8') : loadIconv().encode(text, encoding, { addBOM: false });
}

/**
 * Throws unless `encoding` names a text encoding.
 *
 * @param option The option's name, for the message.
 * @throws {TypeError} if it is not a string.
 * @throws {RangeError} if the encoding is not known.
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

// iconv-lite knows these as well, but they represent bytes as text; they do not decode text.
const notText = /^(?:base64|hex)$/i;

function isUtf8(encoding: string): boolean {
  return encoding === 'utf8' || /^utf-?8$/i.test(encoding);
}

function isUtf16le(encoding: string): boolean {
  return /^(?:utf-?16-?le|ucs-?2)$/i.test(encoding);
}

/** Node's UTF-16 decoder drops an odd byte at the end; truncated output must not look complete. */
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
 * iconv-lite's decoder for double-byte code pages allocates one character per byte of a chunk. If a lead byte left over
 * from the previous chunk turns out to be invalid, one more is needed, and the last character of the chunk (perhaps the
 * line end) is lost. So the lead byte is taken back from the decoder and prepended to the next chunk.
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
