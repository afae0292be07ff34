import type { Client } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { boundAnswers } from '../../src/ssh2/bounds/answers.ts';

const kinds = [
  'requestSuccess',
  'requestFailure',
  'channelFailure',
  'channelOpenConfirm',
  'channelOpenFail',
  'authInfoRes',
] as const;
const answerSize = 1_000;

/** A client whose answers are of one size, and a line that lets go of what it is told to. */
function fakeClient() {
  const output = { bytesWritten: 0, bytesWaiting: 0 };
  const answer = () => {
    output.bytesWritten += answerSize;
    output.bytesWaiting += answerSize;
  };
  const protocol: Record<string, unknown> = { _handlers: { GLOBAL_REQUEST: () => {} } };
  for (const kind of kinds) protocol[kind] = answer;
  const exceeded: string[] = [];
  const client = { _protocol: protocol } as unknown as Client;
  expect(boundAnswers(client, output, (what) => exceeded.push(what))).toBe(true);
  return { output, exceeded, answers: protocol as Record<string, () => void> };
}

describe("replies to a server's requests", () => {
  it.each(kinds)('%s: are reported if more than 256 KiB are waiting', (kind) => {
    const { exceeded, answers } = fakeClient();
    const most = Math.floor((256 * 1024) / answerSize);
    for (let i = 0; i < most; i++) answers[kind]?.();
    expect(exceeded).toEqual([]);
    answers[kind]?.();
    expect(exceeded).toEqual([
      `it let ${(most + 1) * answerSize} bytes of answers to its requests wait, and kept sending requests (limit 262144 bytes)`,
    ]);
  });

  it('does not count what the server has read', () => {
    const { output, exceeded, answers } = fakeClient();
    for (let i = 0; i < 2_000; i++) {
      answers['requestFailure']?.();
      output.bytesWaiting = 0;
    }
    expect(exceeded).toEqual([]);
  });
});
