import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClixmlFilter } from '../../src/exec/output/clixml.ts';

const open = '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">';
const progress =
  '<Obj S="progress" RefId="0"><TN RefId="0"><T>System.Management.Automation.PSCustomObject</T></TN><MS>' +
  '<I64 N="SourceId">1</I64><PR N="Record"><AV>Preparing modules for first use.</AV></PR>' +
  '<Obj N="Inner" RefId="1"><Nil /></Obj><Obj N="Empty" RefId="2" /></MS></Obj>';

function filtered(text: string, cuts: number[] = []): string {
  const filter = createClixmlFilter();
  const borders = [0, ...[...cuts].sort((a, b) => a - b), text.length];
  const parts = borders.slice(1).map((border, index) => filter.write(text.slice(borders[index], border)));
  return parts.join('') + filter.end();
}

const cases: [string, string, string][] = [
  ['plain text', 'error: a < b\nno <S S="Error">xml</S>\n', 'error: a < b\nno <S S="Error">xml</S>\n'],
  [
    'errors',
    `#< CLIXML\r\n${open}<S S="Error">boom &lt;1&gt; &amp;amp; _x005F_x_x000D__x000A_</S><S S="Error">At line:1_x000D__x000A_</S></Objs>`,
    'boom <1> &amp; _x\r\nAt line:1\r\n',
  ],
  [
    'warnings and verbose messages',
    `#< CLIXML\r\n${open}<S S="warning">low disk</S><S S="verbose">step</S><S S="information">x</S></Objs>`,
    'WARNING: low disk\r\nVERBOSE: step\r\n',
  ],
  ['progress', `#< CLIXML\r\n${open}${progress}${progress}<S S="Error">e_x000A_</S></Objs>`, 'e\n'],
  [
    'what programs write between',
    `first\n#< CLIXML\r\nnative 1 < 2\n${open}native\n<S S="warning">w</S>more\n</Objs>after\n`,
    'first\nnative 1 < 2\nnative\nWARNING: w\r\nmore\nafter\n',
  ],
  ['two announcements', `#< CLIXML\r\n${open}</Objs>#< CLIXML\n${open}<S S="Error">e</S></Objs>`, 'e'],
  [
    'what only looks like XML',
    `#< CLIXML\n${open}<S S="Error">a<b></S><S x><Obj <Obj S="p"></Obj></Obj>${open}</Objs>`,
    'a<b><S x><Obj </Obj>',
  ],
  ['an announcement inside a line', 'x #< CLIXML\ny', 'x #< CLIXML\ny'],
  ['something cut off', `#< CLIXML\r\n${open}<S S="Error">half`, '<S S="Error">half'],
];

describe('createClixmlFilter', () => {
  it.each(cases)('decodes %s to text, however the stream is split', (_, text, expected) => {
    expect(filtered(text)).toBe(expected);
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (cuts) => {
        expect(filtered(text, cuts)).toBe(expected);
      }),
    );
  });

  it('passes a stream without XML unchanged', () => {
    const text = fc.string({
      unit: fc.constantFrom('#< CLIXML', '#', '<', ' ', '\n', 'a', '<S S="', '</Objs>'),
    });
    fc.assert(
      fc.property(text, fc.array(fc.nat(40)), (line, cuts) => {
        fc.pre(!/^#< CLIXML\n/m.test(line));
        expect(
          filtered(
            line,
            cuts.filter((cut) => cut <= line.length),
          ),
        ).toBe(line);
      }),
    );
  });

  it('passes on immediately what cannot be the start of XML', () => {
    expect(createClixmlFilter().write('no line end')).toBe('no line end');
    expect(createClixmlFilter().write('#< CL')).toBe('');
  });

  it.each([
    ['a message', '<S S="Error">', 'x'.repeat(1_100_000)],
    ['an object', '<Obj S="progress">', `<Obj S="a">${'x'.repeat(1_100_000)}`],
    ['a tag', '<Obj S="', 'x'.repeat(1_100)],
  ])('does not buffer %s without limit', (_, start, rest) => {
    const filter = createClixmlFilter();
    filter.write(`#< CLIXML\n${open}${start}`);
    expect(filter.write(rest)).toHaveLength(start.length + rest.length);
    expect(filter.write('plain')).toBe('plain');
  });
});
