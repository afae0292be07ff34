import { describe, expect, it } from 'vitest';
import { type Checks, checkArgument, checkOptions, object, required } from '../../src/check/options.ts';
import { type Check, flag, oneOf, port, secret, text, whole } from '../../src/check/values.ts';
import { typeName } from '../../src/check/wrong.ts';

interface Trip {
  to: string;
  gate?: number | undefined;
  class?: { window?: boolean } | undefined;
}

const seat: Checks<NonNullable<Trip['class']>> = { window: flag };
const trip: Checks<Trip> = { to: required(text('a place')), gate: port, class: object(seat) };

function refusal(value: unknown): string {
  try {
    checkOptions(value, trip);
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return 'none';
}

describe('a table of checks', () => {
  it('does not compile if an option is missing, misspelled, or required but not marked so', () => {
    // @ts-expect-error gate and class are missing
    const forgotten: Checks<Trip> = { to: required(text()) };
    // @ts-expect-error there is no option gates
    const misspelt: Checks<Trip> = { ...trip, gates: port };
    // @ts-expect-error to is needed
    const notAsked: Checks<Trip> = { ...trip, to: text() };
    expect([forgotten, misspelt, notAsked]).toHaveLength(3);
  });

  it('requires each option of a union, and marks as required those of all members', () => {
    type Either = { id: string; host: string } | { id: string; path: string };
    const both: Checks<Either> = { id: required(text()), host: text(), path: text() };
    // @ts-expect-error path is missing
    const half: Checks<Either> = { id: required(text()), host: text() };
    expect([both, half]).toHaveLength(2);
  });

  it.each<[unknown, string]>([
    [{ to: 'Seoul', gate: 1, class: { window: true } }, 'none'],
    [{ to: 'Seoul', gate: undefined, class: undefined }, 'none'],
    [undefined, 'TypeError: options: undefined given; an object would be right'],
    [[], 'TypeError: options: an empty array given; an object would be right'],
    [Buffer.of(1), 'TypeError: options: a Buffer given; an object would be right'],
    [{}, 'TypeError: option to: undefined given; a place would be right'],
    [{ to: '' }, "RangeError: option to: '' given; a place would be right"],
    [
      { to: 'S', gate: '1' },
      "TypeError: option gate: '1' given; a whole number from 1 to 65535 would be right",
    ],
    [
      { to: 'S', gate: -0 },
      'RangeError: option gate: -0 given; a whole number from 1 to 65535 would be right',
    ],
    [
      { to: 'S', class: { window: 'no' } },
      "TypeError: option class.window: 'no' given; true or false would be right",
    ],
    [
      { to: 'S', class: { windw: true } },
      'TypeError: option class.windw: there is no such option; did you mean window? known are window',
    ],
    [
      { to: 'S', Gate: 1 },
      'TypeError: option Gate: there is no such option; did you mean gate? known are to, gate, class',
    ],
  ])('%o: %s', (value, expected) => {
    expect(refusal(value)).toBe(expected);
  });

  it('calls an argument an argument', () => {
    const check = (value: unknown) => () => checkArgument('trip', value, object(trip));
    expect(check('x')).toThrow(/^argument trip: 'x' given; an object would be right$/);
    expect(check({ to: 'S', gate: 0 })).toThrow(/^argument trip.gate: 0 given/);
    expect(check({ too: 'S' })).toThrow(/^argument trip.too: there is no such option; did you mean to\?/);
  });
});

describe('what is shown of an invalid value', () => {
  const message = (check: Check, value: unknown) => {
    try {
      check('x', value);
    } catch (error) {
      return (error as Error).message;
    }
    return expect.unreachable('it was taken');
  };

  it('is escaped and truncated', () => {
    const shown = message(port, `\u001b[2J\u202e${'a'.repeat(5_000)}`);
    expect(shown).toMatch(/^option x: '\\x1b\[2J\\u202ea+\.\.\. \(\d+ more\)' given; /);
    expect(shown.length).toBeLessThan(200);
  });

  it('is nothing of a secret, and nothing of a private key anywhere', () => {
    expect(message(secret(), 123_456)).toBe('option x: a number given; a non-empty string would be right');
    expect(message(port, '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl')).toMatch(
      /^option x: a private key given; /,
    );
  });

  it.each<[unknown, string]>([
    [null, 'null'],
    [[1], 'an array'],
    [Object.create(null), 'an object'],
    [new Map(), 'a Map'],
    [new AbortController(), 'an AbortController'],
    [() => {}, 'a function'],
    [1n, 'a bigint'],
    [Symbol('x'), 'a symbol'],
    [{ constructor: 5 }, 'an object'],
  ])('is the kind of %o: %s', (value, kind) => {
    expect(typeName(value)).toBe(kind);
  });

  it('comes with a suggestion', () => {
    const check = oneOf('size', 'sha256', false);
    expect(message(check, 'sha265')).toBe(
      "option x: 'sha265' given; did you mean sha256? 'size', 'sha256' or false would be right",
    );
    expect(message(check, 5)).toBe("option x: 5 given; 'size', 'sha256' or false would be right");
  });

  it('is in a RangeError for a number out of range, and in a TypeError for anything but a number', () => {
    expect(() => whole(1, 9)('x', 1.5)).toThrow(RangeError);
    expect(() => whole(1, 9)('x', Number.NaN)).toThrow(RangeError);
    expect(() => whole(1, 9)('x', '5')).toThrow(TypeError);
  });
});
