import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as library from '../src/index.ts';
import * as mockServer from '../src/mock-server/index.ts';

const doors = { library: 'index.ts', mockServer: 'mock-server/index.ts' };
const textOf = (door: keyof typeof doors) =>
  readFileSync(join(import.meta.dirname, '../src', doors[door]), 'utf8');

/** All names that a door lets out, types included; each is written there. */
function namesOf(door: keyof typeof doors): string[] {
  const lists = [...textOf(door).matchAll(/^export (?:type )?\{([^}]*)\}/gm)].map(([, list = '']) => list);
  const names = lists.flatMap((list) => list.split(',')).map((name) => name.trim().replace(/^type /, ''));
  return names
    .filter(Boolean)
    .map((name) => name.split(' as ').at(-1) ?? name)
    .sort();
}

describe('the public names', () => {
  it('of the library are these and no others', () => {
    expect(namesOf('library')).toMatchSnapshot();
    expect(namesOf('library')).toEqual(expect.arrayContaining(Object.keys(library)));
  });

  it('of the mock server are these and no others', () => {
    expect(namesOf('mockServer')).toMatchSnapshot();
    expect(namesOf('mockServer')).toEqual(expect.arrayContaining(Object.keys(mockServer)));
  });

  it.each(['library', 'mockServer'] as const)('of the %s are written out, so that none leaks', (door) => {
    expect(textOf(door)).not.toMatch(/export (type )?\*/);
    expect(namesOf(door).filter((name) => name.endsWith('Details'))).toEqual([]);
  });
});
