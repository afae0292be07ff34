import type { Close, Contender, FileSession, Target } from '../support/types.ts';

type Moving = Required<Pick<Contender, 'openFiles' | 'put' | 'get' | 'putFolder' | 'getFolder'>>;

/** All ways of moving files, connecting included, based on a session that moves them. */
export function movingFiles(openFiles: (target: Target) => Promise<FileSession>): Moving {
  const after = async (target: Target, work: (session: FileSession) => Promise<unknown>): Promise<Close> => {
    const session = await openFiles(target);
    await work(session);
    return session.close;
  };
  return {
    openFiles,
    put: (target, local, remote) => after(target, (session) => session.put(local, remote)),
    get: (target, remote, local) => after(target, (session) => session.get(remote, local)),
    putFolder: (target, local, remote) => after(target, (session) => session.putFolder(local, remote)),
    getFolder: (target, remote, local) => after(target, (session) => session.getFolder(remote, local)),
  };
}
