import { expect, it } from 'vitest';
import { StrangeAnswer } from '../../src/route/strange-answer.ts';

const bytes = (...all: number[]) => String.fromCharCode(...all);

it.each([
  ['SSH-2.0-x\r\n', 'is an SSH server', false],
  [bytes(0x15, 3, 1), 'is a server that speaks TLS', false],
  [bytes(0x16, 3, 1), 'is a server that speaks TLS', false],
  ['http/1.1 200 OK\r\n', 'is a web server, or a proxy of another kind', true],
  [' \n<!DOCTYPE html>', 'is a web server', true],
  ['<html>', 'is a web server', true],
  ['<?xml ?>', 'is a web server', true],
  [bytes(5, 0), 'is a SOCKS 5 proxy', false],
  [bytes(5, 2), 'is a SOCKS 5 proxy', false],
  [bytes(5, 0xff), 'is a SOCKS 5 proxy', false],
  [bytes(0, 0x5a), 'is a SOCKS 4 proxy', false],
  [bytes(4), 'is a SOCKS 4 proxy', false],
  [bytes(5, 3), 'did not answer as a proxy of this kind does', true],
  [bytes(0, 0x59), 'did not answer as a proxy of this kind does', true],
  ['220 mail ready', 'did not answer as a proxy of this kind does', true],
  ['', 'did not answer as a proxy of this kind does', true],
])('recognizes from %j what %s; retryable: %s', (said, message, retryable) => {
  const answer = new StrangeAnswer(Buffer.from(said, 'latin1'));
  expect(answer).toMatchObject({ message, retryable, hint: expect.stringMatching(/\S/) });
});

it('keeps the first line of what was received', () => {
  expect(new StrangeAnswer(Buffer.from('\n  one \r\ntwo\nthree')).said).toBe('one');
  expect(new StrangeAnswer(Buffer.from('one line')).said).toBe('one line');
});
