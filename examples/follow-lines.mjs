// The lines of a long command as they come, and its end.
//
//   node examples/follow-lines.mjs
//   SSH_HOST=... node examples/follow-lines.mjs 'C:\rpa\run.cmd invoice'      see support/pc.mjs
import { connectViaGateway } from 'ssh-via-gateway';
import { pc } from './support/pc.mjs';

const command = process.argv[2] ?? 'echo invoice 1 of 3';
const place = await pc({ exec: writeThreeLines });

const connection = await connectViaGateway(place.options);
try {
  const running = connection.exec(command);
  let count = 0;
  // A slow body of this loop slows the command down; nothing is lost, and nothing piles up.
  for await (const line of running) console.log(`${++count}: ${line}`);
  // The loop has thrown if the command failed. Here it has ended well.
  const { exitCode } = await running;
  console.log(`exit code ${exitCode}`);
} finally {
  await connection.close();
  await place.close();
}

async function writeThreeLines({ stdout }) {
  for (let number = 1; number <= 3; number++) {
    stdout.write(`invoice ${number} of 3\n`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return 0;
}
