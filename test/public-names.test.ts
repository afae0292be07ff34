import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as library from '../src/index.ts';
import * as mockServer from '../src/mock-server/index.ts';

const doors = { library: 'index.ts', mockServer: 'mock-server/index.ts' };
const textOf = (door: keyof typeof doors) =>
  readFileSync(join(import.meta.dirname, '../src', doors[door]), 'utf8');

/** Files of which everything is public: what is added there is added to the snapshot below, and to no other list. */
const wholeFiles = [
  './errors/commands.ts',
  './errors/connecting.ts',
  './errors/jobs.ts',
  './errors/session.ts',
  './errors/timeouts.ts',
  './forward/types.ts',
];

const wholeFilesOf = (door: keyof typeof doors) =>
  [...textOf(door).matchAll(/^export (?:type )?\* from '([^']+)'/gm)].map(([, path = '']) => path);

function declaredIn(path: string): string[] {
  const text = readFileSync(join(import.meta.dirname, '../src', path), 'utf8');
  return [...text.matchAll(/^export (?:abstract )?\w+ (\w+)/gm)].map(([, name = '']) => name);
}

/** All names that a door lets out, types included. */
function namesOf(door: keyof typeof doors): string[] {
  const lists = [...textOf(door).matchAll(/^export (?:type )?\{([^}]*)\}/gm)].map(([, list = '']) => list);
  const named = lists.flatMap((list) => list.split(',')).map((name) => name.trim().replace(/^type /, ''));
  return [...named, ...wholeFilesOf(door).flatMap(declaredIn)]
    .filter(Boolean)
    .map((name) => name.split(' as ').at(-1) ?? name)
    .sort();
}

const changed =
  'The public names have changed. If that is meant: npx vitest run --update=all test/public-names.test.ts';

describe('the public names', () => {
  it('of the library are these and no others', () => {
    expect(namesOf('library'), changed).toMatchSnapshot();
    expect(namesOf('library')).toEqual(expect.arrayContaining(Object.keys(library)));
  });

  it('of the mock server are these and no others', () => {
    expect(namesOf('mockServer'), changed).toMatchSnapshot();
    expect(namesOf('mockServer')).toEqual(expect.arrayContaining(Object.keys(mockServer)));
  });

  it.each(['library', 'mockServer'] as const)('of the %s leak nothing', (door) => {
    expect(wholeFilesOf(door)).toEqual(door === 'library' ? wholeFiles : []);
    expect(textOf(door).match(/export (type )?\*/g) ?? []).toHaveLength(wholeFilesOf(door).length);
    expect(namesOf(door).filter((name) => name.endsWith('Details'))).toEqual([]);
  });
});
