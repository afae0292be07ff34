// A mock gateway and its PCs in a process of their own, so that their memory and processor time do not count as the
// worker's.
import { startMockGateway } from 'ssh-via-gateway/mock-server';

const count = Number(process.argv[2]);
const gateway = await startMockGateway();
for (let number = 1; number <= count; number++) {
  await gateway.addPc({ server: { exec: { hostname: { stdout: `PC-${number}\r\n` } } } });
}
const { clientKey, hostKey, username } = gateway.pcs[0].server;
process.send({
  host: gateway.host,
  ports: gateway.pcs.map(({ port }) => port),
  username,
  privateKey: clientKey.privateKey,
  fingerprint: hostKey.fingerprint,
  publicKey: hostKey.publicKey,
});

process.on('message', async ({ downFor }) => {
  await Promise.all(gateway.pcs.map((pc) => pc.dropTunnel()));
  process.send({ down: true });
  await new Promise((resolve) => setTimeout(resolve, downFor));
  await Promise.all(gateway.pcs.map((pc) => pc.return()));
  process.send({ up: true });
});
process.on('disconnect', () => process.exit());
