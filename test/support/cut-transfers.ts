import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { isSshError } from '../../src/errors/index.ts';
import { download } from '../../src/sftp/down/download.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import { type CutPlan, cutEverywhere, type Job, type Server } from './cut-everywhere.ts';
import { bytesOf, localFolder } from './mock-sftp.ts';

const old = 'the old content';

interface FileCutPlan extends CutPlan {
  /** Bytes of the file that is moved. */
  size: number;
}

/** An upload onto an existing file, cut at every place: what the server then has is the old file or the new one. */
export async function cutUploads({ size, ...plan }: FileCutPlan): Promise<void> {
  const content = bytesOf(size);
  const prepare = (server: Server) => server.files.write('/target', old);
  const job = (): Job => (opener) => upload(opener, content, '/target');
  await cutEverywhere(plan, job, prepare, async (server, at, error) => {
    judge(server.files.read('/target'), content, at, error);
  });
}

/** The same for a download; no temporary file may be left here. */
export async function cutDownloads({ size, ...plan }: FileCutPlan): Promise<void> {
  await using folder = await localFolder();
  const content = bytesOf(size);
  const prepare = (server: Server) => server.files.write('/source', content);
  const target = (at: number) => join(folder.path, `target${at}`);
  const job =
    (at: number): Job =>
    async (opener) => {
      await writeFile(target(at), old);
      await download(opener, '/source', target(at));
    };
  await cutEverywhere(plan, job, prepare, async (_server, at, error) => {
    judge(await readFile(target(at)), content, at, error);
  });
  expect((await readdir(folder.path)).filter((name) => name.endsWith('.part'))).toEqual([]);
}

const contents = [bytesOf(30, 1), bytesOf(40, 2), bytesOf(50, 3), bytesOf(60, 4)];
/** Two of the files are there already, in a folder that is; the folder of the others is new. */
const isOld = (n: number) => n < 2;
const inFolder = (n: number) => (isOld(n) ? `${n}` : `new/${n}`);

/** The same for a folder of small files, which go another way than a file by itself. */
export async function cutFolderUploads(plan: CutPlan): Promise<void> {
  await using folder = await localFolder();
  await mkdir(join(folder.path, 'new'));
  for (const [n, content] of contents.entries()) await writeFile(join(folder.path, inFolder(n)), content);
  const prepare = (server: Server) => {
    for (const n of [0, 1]) server.files.write(`/t/${n}`, old);
  };
  const job = (): Job => (opener) => upload(opener, folder.path, '/t');
  await cutEverywhere(plan, job, prepare, async (server, at, error) => {
    const found = (n: number) => {
      const path = `/t/${inFolder(n)}`;
      return server.files.list().includes(path) ? server.files.read(path) : undefined;
    };
    for (const [n, content] of contents.entries()) judgeOne(found(n), n, content, at, error);
  });
}

/** And for one that is fetched; no temporary file may be left here. */
export async function cutFolderDownloads(plan: CutPlan): Promise<void> {
  await using folder = await localFolder();
  const prepare = (server: Server) => {
    for (const [n, content] of contents.entries()) server.files.write(`/t/${inFolder(n)}`, content);
  };
  const target = (at: number) => join(folder.path, `target${at}`);
  const job =
    (at: number): Job =>
    async (opener) => {
      await mkdir(target(at));
      for (const n of [0, 1]) await writeFile(join(target(at), `${n}`), old);
      await download(opener, '/t', target(at));
    };
  await cutEverywhere(plan, job, prepare, async (_server, at, error) => {
    for (const [n, content] of contents.entries()) {
      const found = await readFile(join(target(at), inFolder(n))).catch(() => undefined);
      judgeOne(found, n, content, at, error);
    }
  });
  const left = await readdir(folder.path, { recursive: true });
  expect(left.filter((name) => name.endsWith('.part'))).toEqual([]);
}

function judgeOne(found: Buffer | undefined, n: number, content: Buffer, at: number, error: unknown): void {
  if (found || isOld(n) || !error) judge(found ?? Buffer.alloc(0), content, at, error);
}

function judge(found: Buffer, content: Buffer, at: number, error: unknown): void {
  const isWhole = found.equals(content);
  if (!isWhole && found.toString() !== old) throw new Error(`a part of the file after a cut at byte ${at}`);
  if (error && !isSshError(error)) throw error;
  if (!error && !isWhole) throw new Error(`success without the file after a cut at byte ${at}`);
}
