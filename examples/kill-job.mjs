// Starts a job, lets go of it, finds it again over another connection, ends it, and cleans up.
//
//   node examples/kill-job.mjs
//   SSH_HOST=... node examples/kill-job.mjs 'ping -t localhost'      see support/pc.mjs
import { connectViaGateway } from 'ssh-via-gateway';
import { pc } from './support/pc.mjs';

const command = process.argv[2] ?? 'sleep 300';
const place = await pc({});
const id = `example-${Date.now()}`;

const first = await connectViaGateway(place.options);
await first.startJob(command, { id });
await first.close();

// Another process, another day: the id is all that is needed.
const connection = await connectViaGateway(place.options);
const job = connection.job(id);
console.log('before:', await job.status());
console.log('after: ', await job.kill());
await job.remove();

// What nobody has removed goes by age.
const removed = await connection.removeJobs({ olderThan: 30 * 24 * 60 * 60_000 });
console.log(`${removed.length} jobs older than 30 days removed`);
await connection.close();
await place.close();
