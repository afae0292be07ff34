// Where the examples connect to: the PC that the environment names, else one behind a mock gateway in this process.

export async function whereTo({ sshdDownFor = 0 } = {}) {
  const { SSH_HOST, SSH_PORT, SSH_USERNAME, SSH_PRIVATE_KEY_PATH, SSH_HOST_KEY } = process.env;
  if (!SSH_HOST) return mockPc(sshdDownFor);
  const options = {
    host: SSH_HOST,
    port: Number(SSH_PORT ?? 22),
    username: SSH_USERNAME ?? 'rpa',
    ...(SSH_PRIVATE_KEY_PATH ? { privateKeyPath: SSH_PRIVATE_KEY_PATH } : { agent: true }),
    // Without it the key is looked up in known_hosts, as ssh does.
    ...(SSH_HOST_KEY ? { hostKey: { fingerprint: SSH_HOST_KEY } } : {}),
  };
  return { options, close: async () => {} };
}

async function mockPc(sshdDownFor) {
  const { startMockGateway } = await import('ssh-via-gateway/mock-server');
  const gateway = await startMockGateway();
  const pc = await gateway.addPc();
  if (sshdDownFor > 0) {
    pc.stopSshd();
    setTimeout(() => pc.startSshd(), sshdDownFor);
  }
  const { username, clientKey, hostKey } = pc.server;
  const options = {
    ...{ host: gateway.host, port: pc.port, username },
    privateKey: clientKey.privateKey,
    hostKey: { fingerprint: hostKey.fingerprint },
  };
  return { options, close: () => gateway.close() };
}
