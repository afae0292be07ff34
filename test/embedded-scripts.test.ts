import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const scripts = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
  /\.(?:cs|ps1|sh)$/.test(file),
);
const read = (file: string) => readFileSync(join(root, 'src', file), 'utf8');
const ofGateways = scripts.filter((file) => /^tunnel.*\.sh$/.test(file));

describe('the scripts for servers', () => {
  it('are identical in the code and in their files', () => {
    const check = spawnSync(process.execPath, [join(root, 'scripts/embed-scripts.mjs'), '--check']);
    expect(check.stderr.toString()).toBe('');
    expect(scripts.length).toBeGreaterThan(25);
  });

  it.each(scripts)('are ASCII, which no code page changes: %s', (file) => {
    expect(read(file)).toMatch(/^[\n\x20-\x7e]+$/);
  });

  it.each(ofGateways)('pass through every login shell: %s', (file) => {
    expect(read(file)).toContain('# embed: one line\n');
    expect(read(file).replace(/^#.*/gm, '')).not.toContain("'");
  });

  it.each(ofGateways)('keep their meaning as one line: %s', async (file) => {
    const all: Record<string, string> = await import('../src/tunnel/script/scripts.generated.ts');
    const name = file.replace(/^.*[\\/]|\.sh$/g, '').replace(/-(.)/g, (_, letter) => letter.toUpperCase());
    expect(all[name]).not.toContain('\n');
    // What the shell makes of it, printed in its own form.
    expect(asParsed(all[name]!)).toBe(asParsed(read(file)));
  });
});

function asParsed(script: string): string {
  const { stdout, status } = spawnSync('bash', ['-c', `f() {\n${script}\n}; declare -f f`], {
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  return stdout;
}
