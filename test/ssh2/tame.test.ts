import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { tame } from '../../src/ssh2/insides/tame.ts';

describe('an error of ssh2 as a cause', () => {
  it('is unchanged if it is harmless', () => {
    const error = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    expect(tame(error)).toBe(error);
    expect(tame(undefined)).toBeUndefined();
    expect(tame('text')).toBe('text');
  });

  it('shows neither escapes nor megabytes, in message, stack or inspect', () => {
    const hostile = `bye\u001b[2J\n    at evil (/etc/passwd)\n${'x'.repeat(1 << 20)}`;
    const tamed = tame(Object.assign(new Error(hostile), { code: 2, level: 'protocol' }));
    expect(tamed).toMatchObject({ code: 2, level: 'protocol' });
    const text = inspect(tamed, { depth: 10, showHidden: true });
    expect(text).not.toContain('\u001b');
    expect(text.length).toBeLessThan(5_000);
    expect(text).not.toMatch(/^ +at evil/m);
    expect((tamed as Error).stack).toMatch(/^Error: bye\\x1b\[2J\\n[^\n]+\n +at .*tame\.test/);
  });
});
