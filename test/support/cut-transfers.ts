import { readdir, readFile, writeFile } from 'node:fs/promises';
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

function judge(found: Buffer, content: Buffer, at: number, error: unknown): void {
  const isWhole = found.equals(content);
  if (!isWhole && found.toString() !== old) throw new Error(`a part of the file after a cut at byte ${at}`);
  if (error && !isSshError(error)) throw error;
  if (!error && !isWhole) throw new Error(`success without the file after a cut at byte ${at}`);
}
