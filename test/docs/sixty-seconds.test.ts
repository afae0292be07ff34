import { expect, test } from 'vitest';
import { startMockGateway, startMockServer } from '../../src/mock-server/index.ts';
import { firstMinute } from '../support/sixty-seconds.ts';

test("the README's first minute leads from nothing to the first command, on the mock gateway", {
  timeout: 90_000,
}, async () => {
  await using keys = await startMockServer();
  const { publicKey, privateKey } = keys.clientKey;
  await using gateway = await startMockGateway();
  const pc = await gateway.addPc({
    server: {
      users: [{ username: 'rpa', publicKeys: [publicKey] }],
      windows: { codePage: 949 },
      exec: (context) =>
        context.command.startsWith('schtasks')
          ? { stdout: '작업 이름\r\n' }
          : context.command.includes('run.cmd')
            ? { stdout: '송장 처리\r\n' }
            : context.fallback(),
    },
  });
  pc.server.files.write('C:\\rpa\\out.json', '{"done":true}');
  const said = await firstMinute({ host: gateway.host, port: pc.port, username: 'rpa', privateKey });
  expect(said.doctor, said.doctor.stdout + said.doctor.stderr).toMatchObject({ exitCode: 0 });
  expect(said.doctor.stdout).toContain(pc.server.hostKey.fingerprint);
  expect(said.program).toEqual({ exitCode: 0, stdout: '작업 이름\r\n\n', stderr: '' });
  expect(said.job).toEqual({ exitCode: 0, stdout: '송장 처리\r\n0\n', stderr: '' });
  expect(said.downloaded).toBe('{"done":true}');
});
