import type { SftpHandle, WriteData } from '../../ssh2/sftp/requests.ts';
import { openFlag } from '../../ssh2/sftp/wire.ts';
import { now } from '../../time/timer.ts';
import type { FramePool } from '../flow/frames.ts';
import { mayBeOrder } from '../flow/in-order.ts';
import { readSmall, type SmallEnd, smallFile } from '../flow/small-files.ts';
import type { LocalItem, TransferContext } from '../flow/transfer-context.ts';
import { newMode } from '../names/file-mode.ts';
import { saysNo } from '../names/missing.ts';
import { lastingTempName } from '../names/temp-name.ts';
import { giveUp } from '../target/give-up.ts';
import { replacesInOneStep } from '../target/put-in-place.ts';
import { publish, type RemoteTarget } from '../target/remote-target.ts';
import { explain } from '../transfer/transfer-errors.ts';
import { checkRemoteSize } from '../verify/remote-size.ts';
import { openForUpload } from './open-for-upload.ts';
import { guard, setAttributes } from './upload-file.ts';

/**
 * The fast path for a file that fits in one write: the same requests as `uploadFile`, without the code for blocks and
 * extra sessions, and in a folder that was just created without that for existing files.
 */
export function uploadSmall(context: TransferContext, item: LocalItem, size: number, end: SmallEnd): void {
  if (!isShort(context, size)) return end.takesLongWay();
  const pool = context.frames.pool(size);
  readSmall(item.name, size, pool.take(), (_error, data) => {
    if (data) new SmallUpload(context, item, data, pool, end).open();
    else end.takesLongWay();
  });
}

function isShort({ sftp, settings }: TransferContext, size: number): boolean {
  const { atomic, resume, verify } = settings;
  const isOneWrite = size > 0 && size <= smallFile && size <= sftp.maxWrite;
  return isOneWrite && atomic && !resume && verify !== 'sha256';
}

/** Driven by replies, without promises: for a thousand files, the promises took more time than the files. */
class SmallUpload {
  readonly #context: TransferContext;
  readonly #item: LocalItem;
  readonly #data: WriteData;
  readonly #pool: FramePool;
  readonly #end: SmallEnd;
  #target: RemoteTarget | undefined;
  #moved = 0;
  #size: number | undefined;
  /** Number of replies outstanding before the file may be renamed. */
  #missing = 0;
  #isOver = false;

  constructor(context: TransferContext, item: LocalItem, data: WriteData, pool: FramePool, end: SmallEnd) {
    this.#context = context;
    this.#item = item;
    this.#data = data;
    this.#pool = pool;
    this.#end = end;
  }

  open(): void {
    const { sftp, settings } = this.#context;
    const { remotePath: path, intoEmptyFolder, attributes } = this.#item;
    const mode = newMode(attributes.mode);
    if (!intoEmptyFolder) {
      const opening = openForUpload(this.#context, path, { ...settings, mode, intoEmptyFolder });
      return void opening.then((target) => this.#fill(target), this.#end.failed);
    }
    const writePath = lastingTempName(path, sftp.windows?.maxPath);
    const flags = openFlag.write | openFlag.create | openFlag.exclusive;
    sftp.small.open(writePath, flags, mode === undefined ? {} : { mode }, (error, handle) => {
      if (error || !handle) return this.#takesLongWay();
      this.#fill({ path, writePath, handle, closed: false, oldMode: undefined });
    });
  }

  /**
   * Writes the content, checks the size, sets the attributes and closes the file. OpenSSH handles requests in order, so
   * this takes one round trip; with other servers the write must be acknowledged first.
   */
  #fill(target: RemoteTarget): void {
    const { run, sftp } = this.#context;
    this.#target = target;
    if (run.failed) return this.#fail(run.error);
    run.alive();
    const isInOrder = sftp.writes.order === 'free';
    this.#missing = 1;
    this.#write(target.handle, (error) => {
      if (!error && !isInOrder) this.#finish(target);
      this.#answered(error);
    });
    if (isInOrder && !this.#isOver) this.#finish(target);
  }

  #write(handle: SftpHandle, done: (error: unknown) => void): void {
    const { sftp, run, flight } = this.#context;
    const { length } = this.#data;
    const sentAt = now();
    flight.take(length);
    sftp.write(handle, 0, this.#data, (error) => {
      if (error) flight.giveBack(length);
      else {
        flight.answered(sentAt);
        flight.done(length);
        this.#moved = length;
        run.moved(this.#item.name, length);
      }
      done(error);
    });
  }

  #finish(target: RemoteTarget): void {
    const { sftp, settings } = this.#context;
    const { handle, oldMode } = target;
    const answered = (error: unknown) => this.#answered(error);
    this.#missing++;
    if (settings.verify) {
      this.#missing++;
      sftp.small.fstat(handle, (error, found) => {
        this.#size = found?.size;
        this.#answered(saysNo(error) ? undefined : error);
      });
    }
    if (settings.preserve || oldMode !== undefined) {
      this.#missing++;
      setAttributes(this.#context, this.#item, target).then(() => answered(undefined), answered);
    }
    target.closed = true;
    sftp.small.close(handle, answered);
  }

  #answered(error: unknown): void {
    this.#missing--;
    if (error) return this.#fail(error);
    if (this.#missing > 0 || this.#isOver) return;
    const { run, settings } = this.#context;
    if (run.failed) return this.#fail(run.error);
    const { remotePath } = this.#item;
    const sent = { size: this.#data.length, remotePath };
    const { writePath } = this.#target as RemoteTarget;
    if (!settings.verify || this.#size === sent.size) return this.#publish();
    checkRemoteSize(this.#context, sent, writePath, this.#size).then(() => this.#publish(), this.#fail);
  }

  #publish(): void {
    const { run, sftp } = this.#context;
    const target = this.#target as RemoteTarget;
    if (run.failed) return this.#fail(run.error);
    const publishIt = (refusal?: unknown) =>
      void publish(sftp, target, run, refusal).then(() => this.#placed(target), this.#fail);
    if (target.leftover || !replacesInOneStep(sftp)) return publishIt();
    target.mayBeGone = true;
    sftp.small.posixRename(target.writePath, target.path, (error) => {
      // `publish` retries, or uses another kind of rename.
      if (error) return publishIt(error);
      run.placed();
      this.#placed(target);
    });
  }

  #placed(target: RemoteTarget): void {
    const { run, settings } = this.#context;
    const end = () => {
      run.progress.fileDone(this.#item.name);
      this.#pool.give(this.#data.buffer);
      this.#end.done();
    };
    if (settings.preserve) guard(this.#context, this.#item, target).then(end, this.#fail);
    else end();
  }

  readonly #fail = (error: unknown): void => {
    if (this.#isOver) return;
    this.#isOver = true;
    const { run, sftp } = this.#context;
    const { name, remotePath } = this.#item;
    const explained = explain(run, { local: name, remote: remotePath }, error);
    run.progress.undo({ moved: this.#moved, resumed: 0 });
    giveUp(this.#context, this.#target as RemoteTarget, { error: explained }).then(() => {
      if (mayBeOrder(sftp, error)) this.#takesLongWay();
      else this.#end.failed(explained);
    }, this.#end.failed);
  };

  #takesLongWay(): void {
    this.#pool.give(this.#data.buffer);
    this.#end.takesLongWay();
  }
}
