import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { assertEncoding, createDecoder, encode } from '../../src/exec/output/decode.ts';

const hangul = Array.from({ length: 11_172 }, (_, index) => String.fromCharCode(0xac00 + index)).join('');

const samples: Record<string, string> = {
  utf8: `\ufeff한글 é 😀 ${hangul.slice(0, 500)}`,
  cp949: `가각뷁 ABC ${hangul.slice(0, 800)}`,
  'euc-kr': '한글 ABC 가나다',
  cp932: '日本語テスト ｶﾅ 表示ソ ABC',
  gbk: '简体中文 測試 ABC 龥',
  cp1252: 'naïve – “quotes” €',
  utf16le: '\ufeff한글 😀 a',
  utf16be: '한글 😀 a',
};

function decodeInParts(encoding: string, bytes: Buffer, borders: number[]): string {
  const decoder = createDecoder(encoding);
  const all = [0, ...[...borders].sort((a, b) => a - b), bytes.length];
  return (
    all
      .slice(1)
      .map((border, index) => decoder.write(bytes.subarray(all[index], border)))
      .join('') + decoder.end()
  );
}

describe('createDecoder', () => {
  it('decodes all 11,172 Hangul syllables of code page 949, split anywhere', () => {
    const bytes = encode(hangul, 'cp949');
    expect(bytes).toHaveLength(2 * 11_172);
    expect(decodeInParts('cp949', bytes, [])).toBe(hangul);
    expect(
      decodeInParts(
        'cp949',
        bytes,
        Array.from({ length: bytes.length }, (_, index) => index),
      ),
    ).toBe(hangul);
    for (let offset = 0; offset < bytes.length; offset += 2) {
      const syllable = bytes.subarray(offset, offset + 2);
      expect(decodeInParts('cp949', syllable, [1])).toBe(hangul[offset / 2]);
    }
  });

  it.each(Object.entries(samples))('round-trips %s text, split at every byte position', (encoding, text) => {
    const bytes = encode(text, encoding);
    for (let border = 0; border <= bytes.length; border += 1) {
      expect(decodeInParts(encoding, bytes, [border])).toBe(text);
    }
  });

  it.each(Object.entries(samples))('round-trips %s text, split into random pieces', (encoding, text) => {
    const bytes = encode(text, encoding);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (borders) => {
        expect(decodeInParts(encoding, bytes, borders)).toBe(text);
      }),
    );
  });

  it('decodes any bytes to the same text in pieces as at once', () => {
    const encoding = fc.constantFrom(
      'utf8',
      'cp949',
      'cp932',
      'gbk',
      'gb18030',
      'big5',
      'euc-jp',
      'cp1252',
      'utf16le',
    );
    fc.assert(
      fc.property(
        encoding,
        fc.uint8Array({ maxLength: 30 }),
        fc.array(fc.nat(30)),
        (name, array, borders) => {
          const bytes = Buffer.from(array);
          const whole = decodeInParts(name, bytes, []);
          expect(
            decodeInParts(
              name,
              bytes,
              borders.filter((border) => border <= bytes.length),
            ),
          ).toBe(whole);
          if (name === 'utf8') expect(whole).toBe(bytes.toString('utf8'));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['utf8', [0x41, 0xed, 0x95], 'A\ufffd'],
    ['cp949', [0x41, 0xb0], 'A\ufffd'],
    ['gbk', [0x41, 0xb0], 'A\ufffd'],
    ['utf16le', [0x41, 0x00, 0x42], 'A\ufffd'],
    ['UTF-16LE', [0x41], '\ufffd'],
  ])('marks a truncated %s character at the end', (encoding, bytes, expected) => {
    expect(decodeInParts(encoding, Buffer.from(bytes), [1])).toBe(expected);
  });

  it('loses nothing after a lead byte that the next chunk shows to be invalid', () => {
    expect(decodeInParts('cp949', Buffer.from([0xe0, 0x0a]), [1])).toBe('\ufffd\n');
    expect(decodeInParts('cp932', Buffer.from([0x41, 0xe0, 0x20, 0x42]), [2])).toBe('A\ufffd B');
  });

  it('keeps a byte order mark', () => {
    expect(decodeInParts('utf8', Buffer.from('efbbbf41', 'hex'), [2])).toBe('\ufeffA');
    expect(decodeInParts('utf16le', Buffer.from('fffe4100', 'hex'), [1])).toBe('\ufeffA');
  });
});

describe('encode', () => {
  it('adds no byte order mark and encodes unsupported characters as ?', () => {
    expect(encode('a', 'utf8')).toEqual(Buffer.from('61', 'hex'));
    expect(encode('a', 'utf-16')).toEqual(Buffer.from('6100', 'hex'));
    expect(encode('😀각', 'cp949').toString('hex')).toBe('3fb0a2');
  });
});

describe('assertEncoding', () => {
  it.each([
    'utf8',
    'UTF-8',
    'cp949',
    '949',
    'windows-949',
    'EUC-KR',
    'shift_jis',
    'gb18030',
    'latin1',
    'utf16le',
  ])('accepts %s', (name) => {
    expect(() => assertEncoding(name)).not.toThrow();
    expect(iconv.encodingExists(name)).toBe(true);
  });

  it.each(['cp94', '', 'buffer', '__proto__', 'constructor', 'hex', 'base64', 'utf8\u001b[2J'])(
    'rejects %j with a RangeError that names the option',
    (name) => {
      expect(() => assertEncoding(name, 'stdoutEncoding')).toThrow(RangeError);
      expect(() => assertEncoding(name, 'stdoutEncoding')).toThrow(
        /^option stdoutEncoding: '[ -~]*' given; 'utf8', 'cp949' or another name/,
      );
    },
  );

  it('rejects anything but a string', () => {
    expect(() => assertEncoding(949)).toThrow(TypeError);
    expect(() => createDecoder(null as unknown as string)).toThrow(/^option encoding: null given; 'utf8'/);
  });
});
