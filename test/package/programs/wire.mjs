// Connects to the port that it is given, as a bundled program does, with each kind of login; prints the codes.
import { connectViaGateway } from 'ssh-via-gateway';

const [port, privateKey] = [Number(process.argv[2]), Buffer.from(process.argv[3], 'base64').toString()];
const wait = () => new Promise((resolve) => setTimeout(resolve, 30, false));
const codes = [];
for (const login of [{ password: 'S3CRET' }, { privateKey }, { keyboardInteractive: () => ['S3CRET'] }]) {
  for (const hostKey of [
    { verify: wait },
    { verify: () => false },
    { fingerprint: `SHA256:${'A'.repeat(43)}` },
  ]) {
    const options = { host: '127.0.0.1', port, username: 'rpa', retry: false, hostKey, ...login };
    codes.push(
      await connectViaGateway(options).then(
        () => 'connected',
        ({ code }) => code,
      ),
    );
  }
}
console.log(JSON.stringify(codes));
