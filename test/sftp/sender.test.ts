import { expect, it } from 'vitest';
import { type BlockSource, bufferSource } from '../../src/sftp/flow/block-source.ts';
import { Flight } from '../../src/sftp/flow/flight.ts';
import { FramePool } from '../../src/sftp/flow/frames.ts';
import { Lanes } from '../../src/sftp/flow/lanes.ts';
import { Sender } from '../../src/sftp/flow/sender.ts';
import { openSftp } from '../../src/ssh2/sftp/channel.ts';
import { openFlag } from '../../src/ssh2/sftp/wire.ts';
import { fakeHandle, fakeSftp } from '../support/fake-sftp.ts';
import { bytesOf, mockSftp } from '../support/mock-sftp.ts';

/** A source on a file system that gives less than it is asked for, as network file systems may. */
function stingy(content: Buffer, most: number): BlockSource {
  const whole = bufferSource(content);
  const readInto: BlockSource['readInto'] = ([first], position, done) =>
    whole.readInto([(first as Buffer).subarray(0, most)], position, done);
  return { ...whole, readInto };
}

it('sends all of a file that is read in small pieces', async () => {
  await using mock = await mockSftp();
  const content = bytesOf(50_000);
  const sftp = await openSftp(mock.link);
  const handle = await sftp.open('/target', openFlag.write | openFlag.create);
  const flight = new Flight({ start: 20_000, ceiling: 20_000 });
  let moved = 0;
  const sender = new Sender({
    source: stingy(content, 3_000),
    ranges: [{ start: 0, end: content.length }],
    lanes: new Lanes({ sftp, handle }),
    flight,
    pool: new FramePool(8_000),
    moved: (bytes) => {
      moved += bytes;
    },
  });
  await sender.send();
  expect(mock.server.files.read('/target').equals(content)).toBe(true);
  expect(moved).toBe(content.length);
  expect(flight.inFlight).toBe(0);
  await sftp.close();
});

it.each([1, 2])('has one request in flight if no more is allowed, reading or writing: %s', async (blocks) => {
  const content = bytesOf(50_000);
  let underWay = 0;
  let most = 0;
  const begins = () => {
    most = Math.max(most, ++underWay);
  };
  const whole = bufferSource(content);
  const source: BlockSource = {
    ...whole,
    readInto: (views, position, done) => {
      begins();
      whole.readInto(views, position, (...answer) => {
        underWay--;
        done(...answer);
      });
    },
  };
  const got = Buffer.alloc(content.length);
  const sftp = fakeSftp({
    writes: { order: blocks === 1 ? 'one by one' : 'free', oneByOne: () => {} } as never,
    write: (_handle, position, { buffer, start, length }, done) => {
      begins();
      (buffer as Buffer).copy(got, position, start, start + length);
      setImmediate(() => {
        underWay--;
        done(undefined);
      });
    },
  });
  const sender = new Sender({
    source,
    ranges: [{ start: 0, end: content.length }],
    lanes: new Lanes({ sftp, handle: fakeHandle }),
    // Taken up by other files: each may have one read or write under way all the same.
    flight: new Flight({ start: 1, ceiling: 1 }),
    pool: new FramePool(8_000),
    moved: () => {},
  });
  await sender.send();
  expect(got.equals(content)).toBe(true);
  expect(most).toBe(1);
});
