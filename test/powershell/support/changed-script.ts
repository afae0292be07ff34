import type { Connection } from '../../../src/connection.ts';
import { jobHost } from '../../../src/job/host/exec-host.ts';
import type { JobHost } from '../../../src/job/types.ts';

/** The jobs of a connection, whose scripts are changed before they are sent. */
export function changedScripts(connection: Connection, change: (script: string) => string): JobHost {
  const { serverVersion } = connection;
  const where = { host: 'pc', port: 22 };
  const host = jobHost({ where, serverVersion, exec: (...of) => connection.exec(...of) });
  return {
    ...host,
    run: (line, options) => {
      const stdin = Buffer.from(change(Buffer.from(options.stdin ?? '', 'base64').toString('utf8'))).toString(
        'base64',
      );
      const encoded = / -EncodedCommand (.*)$/.exec(line)![1]!;
      const code = Buffer.from(encoded, 'base64')
        .toString('utf16le')
        .replace(/\$n=\d+/, `$n=${stdin.length}`);
      const again = Buffer.from(code, 'utf16le').toString('base64');
      return host.run(line.replace(encoded, again), { ...options, stdin });
    },
  };
}
