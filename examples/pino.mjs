// Structured logs: what happens on the way to a PC as records of pino, and errors with all that they know.
//
//   node examples/pino.mjs
//       on a PC behind a mock gateway in this process, whose sshd is down at first
//
//   SSH_HOST=gateway.example.com SSH_PORT=9012 SSH_USERNAME=rpa SSH_PRIVATE_KEY_PATH=~/.ssh/id_ed25519 \
//     SSH_HOST_KEY=SHA256:... node examples/pino.mjs
import pino from 'pino';
import { connectViaGateway, isSshError } from 'ssh-via-gateway';
import { whereTo } from './support/where-to.mjs';

const logger = pino({
  level: 'debug',
  serializers: {
    // toJSON() of our errors is made for this: code, phase, host, hint, attempts; no secrets.
    err: (error) => (isSshError(error) ? error.toJSON() : pino.stdSerializers.err(error)),
  },
});

const ssh = logger.child({ customer: 'kim' });
const place = await whereTo({ sshdDownFor: 700 });
const connection = await connectViaGateway({
  ...place.options,
  retry: { minDelay: 300 },
  // The record's level is one of pino's; its message becomes `msg`.
  log: ({ level, message, ...record }) => ssh[level](record, message),
});

try {
  const { exitCode, durationMs } = await connection.exec('echo hello');
  ssh.info({ exitCode, durationMs }, 'command finished');
  await connection.exec('exit 3');
} catch (err) {
  ssh.error({ err }, 'command failed');
} finally {
  await connection.close();
  await place.close();
}
