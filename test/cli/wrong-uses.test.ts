import { expect, test } from 'vitest';
import { run } from './run.ts';

const good = `SHA256:${'x'.repeat(43)}`;

/** What is typed, and what it says. Nothing listens anywhere: a connection would be 255. */
const wrong: ReadonlyArray<readonly [argv: string, reason: RegExp, env?: Record<string, string>]> = [
  ['exec --banner-timeout 0 h x', /--banner-timeout: .* a time of at least 1ms/],
  ['exec --channel-timeout x h x', /--channel-timeout: .* a time/],
  ['exec --quiet-after-zombie none h x', /--quiet-after-zombie: 'none' given; a time/],
  ['exec --attempts 0 h x', /--attempts: .* a whole number of at least 1/],
  ['exec --port 70000 h x', /--port: .* a whole number from 1 to 65535/],
  ['exec --host-key abc h x', /--host-key: 'abc' given; 'SHA256:'/],
  ['exec --host-key-alias a* h x', /--host-key-alias: 'a\*' given; a name without/],
  ['exec --user= h x', /--user needs a value: --user NAME/],
  ['exec --encoding cp9999 h x', /--encoding: 'cp9999' given/],
  ['exec --env A.B?=1 h x', /--env: "A\.B\?" is a name that no shell can set/],
  ['exec --env A h x', /--env: .* NAME=VALUE/],
  ['exec --shell zsh h x', /--shell: .* 'posix'/],
  ['exec --timeout 0 h x', /--timeout: .* a time of at least/],
  ['exec h', /Which command\?/],
  ['exec -J a:0 h x', /--jump: the port: 0 given/],
  ['exec -J a,,b h x', /--jump: '' given; \[user@\]host.*would be right/],
  [`exec --jump-host-key ${good} h x`, /--jump-host-key is for jump hosts, and none is on the way/],
  ['exec --jump-host-key abc -J j h x', /--jump-host-key: 'abc' given/],
  [`exec --jump-host-key other=${good} -J j h x`, /no jump host on the way is called "other"/],
  ['exec --jump-password=x h x', /--jump-password-file FILE/],
  ['exec -p 23 h:22 x', /The destination says 22, and --port 23/],
  ['exec -l kim lee@h x', /The destination says lee, and --user kim/],
  ['exec -c acme h -- x', /Give -c CODE or a destination, not both/],
  ['exec kim@other x', /kim@other would be the command/, { SSH_VIA_GATEWAY_DESTINATION: 'h' }],
  [
    'exec -- x',
    /are both set: unset one/,
    { SSH_VIA_GATEWAY_DESTINATION: 'h', SSH_VIA_GATEWAY_CUSTOMER: 'acme' },
  ],
  [
    'exec -- x',
    /SSH_VIA_GATEWAY_DESTINATION: 'a b' given; .* would be right/,
    { SSH_VIA_GATEWAY_DESTINATION: 'a b' },
  ],
  ['doctor h', /SSH_VIA_GATEWAY_PORT: 'x' given; a whole number/, { SSH_VIA_GATEWAY_PORT: 'x' }],
  [
    'doctor h',
    /SSH_VIA_GATEWAY_ACCEPT_NEW: 'maybe' given; 1 or 0 would be right/,
    { SSH_VIA_GATEWAY_ACCEPT_NEW: 'maybe' },
  ],
  ['doctor --lang fr h', /--lang: .* 'en' or 'ko'/],
  ['exec -i /absent/key h x', /--identity: there is no file \/absent\/key/],
  ['put h /a', /Expected \[user@\]host\[:port\] LOCAL REMOTE; 2 arguments were given/],
  ['put --verify md5 h a b', /--verify: .* 'size', 'sha256' or 'none'/],
  ['put --stall-timeout 0 h a b', /--stall-timeout: .* a time of at least 1ms/],
  ['ls h', /Expected .* REMOTE; one argument was given/],
  ['mkdir h /', /REMOTE is the root/],
  ['job start --id a/b h x', /--id: "a\/b" given; 1 to 100 characters/],
  ['job start --id a --follow --json h x', /--follow and --json exclude/],
  ['job status h a/b', /ID: "a\/b" given/],
  ['job logs --tail -1 h a', /--tail: .* a whole number of at least 0/],
  ['job kill --grace 2m h a', /--grace: .* a time of at most 60s/],
  ['tunnel -R 9012 h', /--forward: '9012' given; .* would be right/],
  ['tunnel --answer-timeout 1ms -R 1:a:22 h', /--answer-timeout: .* a time of at least 100ms/],
  ['tunnel --max-delay none -R 1:a:22 h', /--max-delay: .* a time/],
  ['tunnels --ports 5-1 h', /--ports: '5-1' given; the lower port first, 1-5, would be right/],
  ['tunnels --end 0 h', /--end: .* a whole number/],
  ['customers add --port 1 --route air x', /--route: .* 'published', 'jump' or 'socket'/],
];

const cases = wrong.map(([argv, reason, env = {}]) => ({ argv, reason, env }));

test.each(cases)('$argv is wrong use: $reason', async ({ argv, reason, env }) => {
  const config = { SSH_VIA_GATEWAY_SSH_CONFIG: 'none', SSH_VIA_GATEWAY_ATTEMPTS: '1', ...env };
  const { exitCode, stderr } = await run(argv.split(' '), { env: config });
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(reason) });
  expect(stderr).not.toMatch(/option |privateKeyPath|timeouts\.|hostKey\.|fromSshConfig/);
});
