import type { SftpHandle } from '../../ssh2/sftp/requests.ts';
import { openFlag, type SftpAttributes } from '../../ssh2/sftp/wire.ts';
import { now } from '../../time/timer.ts';
import { type SmallEnd, smallFile } from '../flow/small-files.ts';
import type { DownloadItem, TransferContext } from '../flow/transfer-context.ts';
import { settleLocalPath } from '../target/local-target.ts';
import { problemOf } from './download-file.ts';
import { storeSmall } from './store-small.ts';

/**
 * The fast path for a listed file that fits in one read: the same requests as `downloadFile`, without the code for
 * blocks, short replies and large files. Nothing is written before the content is complete; if the file cannot be
 * opened or its length has changed, `downloadFile` retries or reports it.
 */
export function downloadSmall(context: TransferContext, item: DownloadItem, end: SmallEnd): void {
  const { attributes, intoEmptyFolder } = item;
  if (!attributes || !isShort(context, attributes)) return end.takesLongWay();
  if (intoEmptyFolder) return new SmallDownload(context, item, attributes, end).open();
  // A folder or device at the local path is reported before anything is fetched.
  settleLocalPath(item.localPath, false).then(
    (localPath) => new SmallDownload(context, { ...item, localPath }, attributes, end).open(),
    (error) => void problemOf(context, item, error).then(end.failed),
  );
}

function isShort({ sftp, settings }: TransferContext, { size = 0 }: SftpAttributes): boolean {
  const { resume, verify } = settings;
  return !resume && verify !== 'sha256' && size > 0 && size <= smallFile && size < sftp.maxRead;
}

/** Driven by replies, without promises: for a thousand files, the promises took more time than the files. */
class SmallDownload {
  readonly #context: TransferContext;
  readonly #item: DownloadItem;
  readonly #attributes: SftpAttributes;
  readonly #size: number;
  readonly #end: SmallEnd;
  #isOver = false;

  constructor(context: TransferContext, item: DownloadItem, attributes: SftpAttributes, end: SmallEnd) {
    this.#context = context;
    this.#item = item;
    this.#attributes = attributes;
    this.#size = attributes.size ?? 0;
    this.#end = end;
  }

  open(): void {
    this.#context.sftp.small.open(this.#item.remotePath, openFlag.read, {}, (error, handle) => {
      if (error || !handle) this.#end.takesLongWay();
      else this.#read(handle);
    });
  }

  /** Reads the whole file and one byte more, which shows whether its length is as expected. */
  #read(handle: SftpHandle): void {
    const { sftp, run, flight } = this.#context;
    const size = this.#size;
    const sentAt = now();
    run.alive();
    flight.take(size + 1);
    const forget = run.onFailed(() => this.#fail(run.error, handle));
    if (this.#isOver) return;
    sftp.read(handle, 0, size + 1, (error, pieces, got) => {
      forget();
      if (this.#isOver) return;
      flight.giveBack(error ? size + 1 : 1);
      if (error) return this.#fail(error, handle);
      this.#close(handle);
      flight.answered(sentAt);
      if (!pieces || got !== size) {
        flight.giveBack(size);
        return this.#end.takesLongWay();
      }
      flight.done(size);
      run.moved(this.#item.remotePath, size);
      this.#store(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces));
    });
  }

  #store(content: Buffer): void {
    const { run } = this.#context;
    storeSmall(this.#context, this.#item, this.#attributes, content, (error) => {
      if (error) return this.#fail(error);
      run.placed();
      run.progress.fileDone(this.#item.remotePath);
      this.#end.done();
    });
  }

  #fail(error: unknown, handle?: SftpHandle): void {
    this.#isOver = true;
    void problemOf(this.#context, this.#item, error).then((problem) => {
      if (handle) this.#close(handle);
      this.#end.failed(problem);
    });
  }

  #close(handle: SftpHandle): void {
    const { sftp } = this.#context;
    if (!sftp.ended) sftp.small.close(handle, () => {});
  }
}
