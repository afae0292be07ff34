// A job that survives the tunnel, asked for by two processes at the same moment: it starts once, and both get its
// whole output and its exit code. The same happens when a worker is killed and started again.
//
//   node examples/run-job-by-id.mjs
//   SSH_HOST=... node examples/run-job-by-id.mjs 'C:\rpa\run.cmd invoice'      see support/pc.mjs
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { runJob } from 'ssh-via-gateway';
import { pc } from './support/pc.mjs';

const [command = 'echo two invoices', id] = process.argv.slice(2);
if (id) await work(id);
else await startTwoWorkers();

/** What an Airflow task or a queue's worker does. Its id comes from the task, so that a retry finds the same job. */
async function work(id) {
  const { options } = await pc();
  const { stdout, exitCode } = await runJob(options, command, {
    id,
    onOutput: (text) => process.stdout.write(`[${process.pid}] ${text}`),
    reject: false,
  });
  console.log(`[${process.pid}] exit code ${exitCode}, ${stdout.length} characters`);
}

async function startTwoWorkers() {
  const starts = [];
  const place = await pc({
    exec: async ({ command }) => {
      starts.push(command);
      await new Promise((resolve) => setTimeout(resolve, 500));
      return { stdout: 'two invoices\n' };
    },
  });
  const jobId = `example-${Date.now()}`;
  const workers = [1, 2].map(() =>
    fork(import.meta.filename, [command, jobId], {
      env: { ...process.env, ...place.environment },
    }),
  );
  const codes = await Promise.all(workers.map(async (worker) => (await once(worker, 'exit'))[0]));
  if (starts.length > 0) console.log(`started ${starts.length} time on the mock PC`);
  await place.close();
  process.exitCode = codes.some((code) => code !== 0) || starts.length > 1 ? 1 : 0;
}
