import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { withOrderHint } from '../flow/in-order.ts';
import { RemoteWriter } from '../flow/remote-writer.ts';
import type { TransferContext } from '../flow/transfer-context.ts';
import { giveUp } from '../target/give-up.ts';
import { closeTarget, publish, type RemoteTarget } from '../target/remote-target.ts';
import { explain, transferFailed } from '../transfer/transfer-errors.ts';
import { remoteSha256 } from '../verify/checksum.ts';
import { readIntoHash } from '../verify/read-into-hash.ts';
import { checkRemoteSize, sizeOfOpen } from '../verify/remote-size.ts';
import { noReading } from '../verify/verify-sha256.ts';
import { openForUpload } from './open-for-upload.ts';

/** Uploads the content of a stream. Only bytes in flight are held in memory. */
export async function uploadStream(
  context: TransferContext,
  stream: Readable,
  remotePath: string,
): Promise<void> {
  const { sftp, run, settings } = context;
  const name = 'the stream';
  let target: RemoteTarget | undefined;
  const forget = run.onFailed(() => stream.destroy());
  try {
    run.throwIfFailed();
    target = await openForUpload(context, remotePath, {
      ...settings,
      mode: undefined,
      intoEmptyFolder: false,
    });
    run.alive();
    const { size, sum } = await send(context, stream, target, name);
    const [found] = await Promise.all([
      settings.verify ? sizeOfOpen(sftp, target.handle) : undefined,
      closeTarget(sftp, target),
    ]);
    if (settings.verify) await checkRemoteSize(context, { size, remotePath }, target.writePath, found);
    if (sum !== undefined) await checkSum(context, target.writePath, size, sum);
    run.throwIfFailed();
    await publish(sftp, target, run);
    run.progress.fileDone(name);
  } catch (error) {
    stream.destroy();
    const explained = explain(run, remotePath, withOrderHint(sftp, error));
    if (target && settings.atomic) await giveUp(context, target, { error: explained });
    throw explained;
  } finally {
    forget();
  }
}

async function send(context: TransferContext, stream: Readable, target: RemoteTarget, name: string) {
  const { sftp, run, flight, settings } = context;
  const hash = settings.verify === 'sha256' ? createHash('sha256') : undefined;
  const moved = (bytes: number) => run.moved(name, bytes);
  const writer = new RemoteWriter({ sftp, handle: target.handle, flight, position: 0, moved });
  const forget = run.onFailed(() => writer.stop(run.error));
  try {
    for await (const chunk of stream) {
      const bytes: Uint8Array = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      if (!(bytes instanceof Uint8Array)) throw new TypeError('the stream gives objects, not bytes');
      hash?.update(bytes);
      await writer.append(bytes);
    }
    await writer.finish();
    return { size: writer.position, sum: hash?.digest('hex') };
  } finally {
    forget();
  }
}

async function checkSum(context: TransferContext, path: string, size: number, sum: string): Promise<void> {
  const { opener, run, settings } = context;
  if ((await run.quietly(() => remoteSha256(opener, path, size, settings.signal))) === sum) return;
  if ((await readIntoHash(context, path, size).catch(noReading)) === sum) return;
  throw transferFailed(run, path, `the copy has another checksum (verify: 'sha256')`);
}
