import { expect, it } from 'vitest';
import { endSession } from '../../src/tunnel/holder/end-session.ts';
import { FakeConnection, shellSays } from '../support/fake-gateway.ts';

const gatewayThat = (answer: string) => {
  const connection = new FakeConnection();
  connection.onExec = () => answer;
  return connection;
};

it.each([
  [{ pid: 1, start: '600' }],
  [{ pid: 0, start: '600' }],
  [{ pid: -300, start: '600' }],
  [{ pid: 2.5, start: '600' }],
  [{ pid: Number.NaN, start: '600' }],
  [{ pid: 300, start: '' }],
  [{ pid: 300, start: '600 ' }],
  [{ pid: 300, start: '-600' }],
])('does not accept %j as a process, and ends none', async (victim) => {
  const connection = gatewayThat(shellSays('result ended'));
  expect(await endSession(connection, victim)).toBe('gone');
  expect(connection.scripts).toEqual([]);
});

it.each(['ended', 'survived', 'gone'])('reports that the process %s, as the gateway does', async (result) => {
  const connection = gatewayThat(shellSays(`result ${result}`));
  expect(await endSession(connection, { pid: 2, start: '0' })).toBe(result);
  expect(connection.scripts).toHaveLength(1);
  expect(connection.scripts[0]).toContain('victim="2"; born="0"; ');
});

it.each([
  ['another word', shellSays('result eaten')],
  ['no result', shellSays('resulting ended')],
  ['another program', 'result ended\n'],
])('reads %s as an account that cannot run commands', async (_what, answer) => {
  expect(await endSession(gatewayThat(answer), { pid: 300, start: '600' })).toBe('no-shell');
});
