import { createHash } from 'node:crypto';
import { openFlag } from '../../ssh2/sftp/wire.ts';
import { orderedSink } from '../flow/ordered-sink.ts';
import { Receiver } from '../flow/receiver.ts';
import type { TransferContext } from '../flow/transfer-context.ts';
import { openInUse } from '../transfer/in-use.ts';

/** SHA-256 of the first `end` bytes of a remote file, read back over SFTP, in hexadecimal. */
export async function readIntoHash(
  { sftp, run, flight }: TransferContext,
  path: string,
  end: number,
): Promise<string> {
  const hash = createHash('sha256');
  const handle = await openInUse(sftp, run, () => sftp.open(path, openFlag.read));
  const sink = orderedSink(0, (pieces, done) => {
    for (const piece of pieces) hash.update(piece);
    done();
  });
  const receiver = new Receiver({ sftp, handle, start: 0, end, sink, flight, moved: () => run.alive() });
  const forget = run.onFailed(() => receiver.stop(run.error));
  try {
    await receiver.receive();
    return hash.digest('hex');
  } finally {
    forget();
    if (!sftp.ended) void sftp.closeHandle(handle).catch(() => {});
  }
}
