import { expect, it, vi } from 'vitest';
import { Flight } from '../../src/sftp/flow/flight.ts';
import { LaneOpener } from '../../src/sftp/flow/lane-opener.ts';
import { Lanes, laneCapacity, laneWindow } from '../../src/sftp/flow/lanes.ts';
import type { SftpRequests } from '../../src/ssh2/sftp/requests.ts';
import { fakeHandle, fakeSftp, refused } from '../support/fake-sftp.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A transfer of 64 MiB over a line of 20 ms, whose further sessions do what `members` say. */
function transfer({
  perRoundTrip = laneWindow,
  ...members
}: Partial<SftpRequests> & { perRoundTrip?: number }) {
  const sessions: SftpRequests[] = [];
  const openSftp = vi.fn(async () => {
    const session = fakeSftp({
      open: vi.fn(async () => fakeHandle),
      greeted: Promise.resolve(),
      closeHandle: vi.fn(async () => {}),
      close: vi.fn(async () => {}),
      release: vi.fn(),
      ...members,
    });
    sessions.push(session);
    return session;
  });
  const flight = new Flight({ start: laneCapacity, ceiling: laneCapacity });
  vi.spyOn(flight, 'perRoundTrip', 'get').mockReturnValue(perRoundTrip);
  const first = fakeSftp({ roundTrip: 20, writes: { order: 'free', oneByOne: () => {} } as never });
  const opener = new LaneOpener({ opener: { openSftp } as never, flight, size: 64 << 20, first });
  const lanes = new Lanes({ sftp: first, handle: fakeHandle });
  const added = vi.fn();
  opener.useFor('/file', lanes, added);
  return { opener, lanes, flight, sessions, openSftp, added };
}

it('uses its sessions once the line carries more than one window allows', async () => {
  const { opener, lanes, flight } = transfer({});
  await turn();
  expect(lanes.count).toBe(1);
  opener.consider(64 << 20);
  expect(lanes.count).toBe(8);
  flight.take(8 * laneWindow - 1);
  expect(flight.open).toBe(true);
  await opener.close();
});

it('does not use them on a slow line, or near the end of the file', async () => {
  const slow = transfer({ perRoundTrip: laneWindow / 2 - 1 });
  await turn();
  slow.opener.consider(64 << 20);
  expect(slow.lanes.count).toBe(1);
  const late = transfer({});
  await turn();
  late.opener.consider(laneCapacity - 1);
  expect(late.lanes.count).toBe(1);
  for (const { opener, sessions } of [slow, late]) {
    await opener.close();
    for (const session of sessions) {
      expect(session.closeHandle).toHaveBeenCalledTimes(1);
      expect(session.release).toHaveBeenCalledTimes(1);
    }
  }
});

it('uses a session that is ready later at once, and reports it', async () => {
  let greet = () => {};
  const greeted = new Promise<void>((resolve) => {
    greet = resolve;
  });
  const { opener, lanes, added } = transfer({ greeted });
  await turn();
  opener.consider(64 << 20);
  expect(lanes.count).toBe(1);
  greet();
  await turn();
  expect(lanes.count).toBe(8);
  expect(added).toHaveBeenCalledTimes(7);
  await opener.close();
});

it('closes a session that cannot open the file, and continues without it', async () => {
  const open = async () => {
    throw refused(4);
  };
  const { opener, lanes, sessions } = transfer({ open });
  await turn();
  opener.consider(64 << 20);
  expect(lanes.count).toBe(1);
  for (const session of sessions) expect(session.close).toHaveBeenCalledTimes(1);
  await opener.close();
});

it('does not wait on closing for a server that never sends its version', async () => {
  const { opener, sessions } = transfer({ greeted: new Promise(() => {}) });
  await turn();
  await opener.close();
  for (const session of sessions) expect(session.close).toHaveBeenCalledTimes(1);
});

it('fails with the error of a used session, not of an idle one', async () => {
  const closeHandle = async () => {
    throw refused(4);
  };
  const used = transfer({ closeHandle });
  await turn();
  used.opener.consider(64 << 20);
  await expect(used.opener.close()).rejects.toMatchObject({ status: 4 });
  const idle = transfer({ closeHandle });
  await turn();
  await idle.opener.close();
  for (const session of [...used.sessions, ...idle.sessions]) {
    expect(session.close).toHaveBeenCalledTimes(1);
    expect(session.release).not.toHaveBeenCalled();
  }
});

it('closes all its sessions if the transfer is abandoned', async () => {
  const { opener, sessions } = transfer({});
  await turn();
  opener.abandon();
  await turn();
  expect(sessions).toHaveLength(7);
  for (const session of sessions) expect(session.close).toHaveBeenCalledTimes(1);
});
