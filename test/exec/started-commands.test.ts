import { expect, it } from 'vitest';
import { noteStart, noteStop, placeAmongEquals } from '../../src/exec/stop/started-commands.ts';
import type { SessionOpener } from '../../src/exec/types.ts';

const channel = () => ({ isExitKnown: false });

/** A connection on which these command lines run, in this order. */
function running(...lines: string[]) {
  const opener = {} as SessionOpener;
  const started = lines.map((line) => ({ line, channel: channel() }));
  for (const { line, channel } of started) noteStart(opener, { line, isWindows: true }, channel, 1);
  const placeOf = (at: number) => {
    const found = placeAmongEquals(opener, started[at] as (typeof started)[0]);
    return found && [found.place, found.equals.length];
  };
  return { opener, started, placeOf };
}

it('identifies one of several equal commands by the order of their starts', () => {
  const { started, placeOf } = running('robot.exe 1', 'robot.exe 1', 'robot.exe 2', 'robot.exe 1');
  expect([0, 1, 2, 3].map(placeOf)).toEqual([
    [0, 3],
    [1, 3],
    [0, 1],
    [2, 3],
  ]);
  // One whose end is known has no process any more, but the one that is looked for has its place.
  for (const at of [0, 1]) Object.assign(started[at]?.channel ?? {}, { isExitKnown: true });
  expect([placeOf(1), placeOf(3)]).toEqual([
    [0, 2],
    [0, 1],
  ]);
});

it('treats as equal what the search on the PC cannot tell apart, and nothing else', () => {
  const { placeOf } = running('Robot.exe "a b"', 'cmd /c robot.exe a b', 'my robot.exe a b', 'robot.exe a b');
  expect([0, 3].map(placeOf)).toEqual([
    [0, 3],
    [2, 3],
  ]);
  expect(placeOf(2)).toEqual([0, 1]);
});

it('marks the command that is being stopped', () => {
  const { opener, started } = running('robot.exe', 'robot.exe');
  noteStop(opener, started[1]?.channel ?? channel());
  noteStop(opener, channel());
  const found = placeAmongEquals(opener, started[0] as (typeof started)[0]);
  expect(found?.equals.map((each) => each.isStopped)).toEqual([undefined, true]);
});

it('does not know the place of a command that was not recorded', () => {
  const { opener } = running('robot.exe');
  expect(placeAmongEquals(opener, { line: 'robot.exe', channel: channel() })).toBeUndefined();
  const other = { line: 'sleep 1', channel: channel() };
  noteStart(opener, { ...other, isWindows: false }, other.channel);
  expect(placeAmongEquals(opener, other)).toBeUndefined();
  expect(placeAmongEquals({} as SessionOpener, other)).toBeUndefined();
});

it('records 1,000 running commands, and another once one of them has ended', () => {
  const { opener, started, placeOf } = running(...Array<string>(1_001).fill('robot.exe'));
  expect(placeOf(999)).toEqual([999, 1_000]);
  expect(placeOf(1_000)).toBeUndefined();
  Object.assign(started[0]?.channel ?? {}, { isExitKnown: true });
  const next = { line: 'robot.exe', channel: channel() };
  noteStart(opener, { ...next, isWindows: true }, next.channel);
  expect(placeAmongEquals(opener, next)?.place).toBe(999);
});
