import { execFileSync } from 'node:child_process';
import { unlinkSync } from 'node:fs';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLocalTree } from '../../src/sftp/folders/local-tree.ts';
import { upload } from '../../src/sftp/up/upload.ts';
import { memorySftp } from '../support/memory-sftp.ts';
import { localFolder } from '../support/mock-sftp.ts';

describe.skipIf(process.platform === 'win32')('a local folder', () => {
  it('is read in order, following links, without what the filter excludes', async () => {
    await using folder = await localFolder();
    const at = (path: string) => join(folder.path, path);
    await mkdir(at('b/in'), { recursive: true });
    for (const path of ['c', 'a', 'b/in/x', 'left']) await writeFile(at(path), path);
    await symlink(at('a'), at('link'));
    await symlink(at('b/in'), at('links'));
    const seen: string[] = [];
    const tree = await readLocalTree(folder.path, (path, type) => {
      seen.push(`${path} ${type}`);
      return path !== 'left';
    });
    expect(tree.folders.map(({ path }) => path)).toEqual(['', 'b', 'b/in', 'links']);
    expect(tree.files.map(({ path }) => path)).toEqual(['a', 'b/in/x', 'c', 'link', 'links/x']);
    expect(tree.files[1]?.localPath).toBe(at('b/in/x'));
    expect(seen).toContain('left file');
    const none = await readLocalTree(folder.path, (_path, type) => type === 'file');
    expect(none.folders).toHaveLength(1);
  });

  it('that contains itself or a special file is an error', async () => {
    await using folder = await localFolder();
    await mkdir(join(folder.path, 'in'));
    await symlink(folder.path, join(folder.path, 'in/loop'));
    await expect(readLocalTree(folder.path, () => true)).rejects.toThrow(
      'loop is a link to a folder above it',
    );
    await using other = await localFolder();
    await symlink('/dev/null', join(other.path, 'null'));
    await expect(readLocalTree(other.path, () => true)).rejects.toThrow('is neither a file nor a folder');
    expect((await readLocalTree(other.path, () => false)).files).toEqual([]);
    await chmod(other.path, 0o700);
  });

  it('may contain what cannot be looked at, if the filter leaves it out', async () => {
    await using folder = await localFolder();
    await writeFile(join(folder.path, 'wanted'), 'x');
    await symlink('nowhere', join(folder.path, 'dangling'));
    const names = (tree: { files: readonly { path: string }[] }) => tree.files.map(({ path }) => path);
    expect(names(await readLocalTree(folder.path, (path) => path === 'wanted'))).toEqual(['wanted']);
    await expect(readLocalTree(folder.path, () => true)).rejects.toMatchObject({
      code: 'ENOENT',
      path: join(folder.path, 'dangling'),
    });
  });

  // macOS takes only names in UTF-8.
  it.skipIf(process.platform === 'darwin')('says which name is not valid UTF-8', async () => {
    await using folder = await localFolder();
    const eucKr = Buffer.from([0xbc, 0xdb, 0xc0, 0xe5]);
    await writeFile(Buffer.concat([Buffer.from(join(folder.path, '/')), eucKr]), 'x');
    expect((await readLocalTree(folder.path, (path) => path === 'wanted')).files).toEqual([]);
    await expect(readLocalTree(folder.path, () => true)).rejects.toThrow(
      'is not valid UTF-8; leave it out with the option filter',
    );
  });

  it.each([0, 5, 200_000])(
    'whose file of %i bytes becomes a pipe is an error, and blocks nothing',
    async (size) => {
      await using folder = await localFolder();
      const path = join(folder.path, 'file');
      await writeFile(path, Buffer.alloc(size));
      const becomesPipe = () => {
        unlinkSync(path);
        execFileSync('mkfifo', [path]);
        return true;
      };
      const { opener } = memorySftp();
      await expect(upload(opener, folder.path, '/d', { filter: becomesPipe })).rejects.toMatchObject({
        code: 'SSH_TRANSFER_FAILED',
        reason: 'it is no longer a file',
        path,
      });
    },
  );
});
