// Where the examples of commands and jobs connect to: the PC that the environment names, or else a mock server in this
// process whose commands do what the example says.
//
//   SSH_HOST=gateway.example.com SSH_PORT=9012 SSH_USERNAME=rpa SSH_PRIVATE_KEY_PATH=~/.ssh/id_ed25519 node examples/...
//
// SSH_HOST_KEY (SHA256:...) pins the PC's key; without it, ~/.ssh/known_hosts decides. SSH_PASSWORD instead of a key.

/** @param mock Options of `startMockServer`. */
export async function pc(mock, environment = process.env) {
  const { SSH_HOST, SSH_PORT, SSH_USERNAME, SSH_PRIVATE_KEY_PATH, SSH_PASSWORD, SSH_HOST_KEY } = environment;
  if (!SSH_HOST) return await mockPc(mock);
  const options = {
    host: SSH_HOST,
    port: Number(SSH_PORT ?? 22),
    username: SSH_USERNAME,
    ...(SSH_PRIVATE_KEY_PATH ? { privateKeyPath: SSH_PRIVATE_KEY_PATH } : {}),
    ...(SSH_PASSWORD ? { password: SSH_PASSWORD } : {}),
    ...(SSH_HOST_KEY ? { hostKey: { fingerprint: SSH_HOST_KEY } } : {}),
  };
  return { options, environment: {}, close: async () => {} };
}

async function mockPc(mock) {
  const { startMockServer } = await import('ssh-via-gateway/mock-server');
  const server = await startMockServer(mock);
  const { host, port, username, password, hostKey } = server;
  return {
    options: { host, port, username, password, hostKey: { fingerprint: hostKey.fingerprint } },
    // What another process needs to connect to the same one.
    environment: {
      SSH_HOST: host,
      SSH_PORT: String(port),
      SSH_USERNAME: username,
      SSH_PASSWORD: password,
      SSH_HOST_KEY: hostKey.fingerprint,
    },
    close: () => server.close(),
  };
}
