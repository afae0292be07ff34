import type { SftpOpener, SftpRequests } from '../../src/ssh2/sftp/requests.ts';

/** What a transfer has had under way at its most, over all its sessions. */
export interface Most {
  bytes: number;
  requests: number;
}

/** The same opener, whose sessions count their reads and writes under way. */
export function countingSftp(opener: SftpOpener): { opener: SftpOpener; most: Most } {
  const underWay = { bytes: 0, requests: 0 };
  const most: Most = { bytes: 0, requests: 0 };
  const begin = (bytes: number) => {
    underWay.bytes += bytes;
    underWay.requests++;
    most.bytes = Math.max(most.bytes, underWay.bytes);
    most.requests = Math.max(most.requests, underWay.requests);
    return () => {
      underWay.bytes -= bytes;
      underWay.requests--;
    };
  };
  const counted = (sftp: SftpRequests): Partial<SftpRequests> => ({
    read(handle, position, length, done) {
      const end = begin(length);
      sftp.read(handle, position, length, (...answer) => {
        end();
        done(...answer);
      });
    },
    write(handle, position, data, done) {
      const end = begin(data.length);
      sftp.write(handle, position, data, (...answer) => {
        end();
        done(...answer);
      });
    },
  });
  const openSftp: SftpOpener['openSftp'] = async (options) => {
    const sftp = await opener.openSftp(options);
    return withMembers(sftp, counted(sftp));
  };
  return { opener: withMembers(opener, { openSftp }), most };
}

/** `object` with some members in the place of its own; the others are called on itself. */
function withMembers<T extends object>(object: T, members: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      if (name in members) return members[name as keyof T];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
