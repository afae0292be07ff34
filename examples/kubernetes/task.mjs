// What one pod of job.yaml does: the run of one customer, as a job on that customer's PC. Its id is made of the run and
// the customer, so a pod that is evicted, or started twice, finds the job that the first one started.
//
// Exit codes: that of the command (1 to 125); 143 when Kubernetes stops the pod, and the job goes on; 255 when the PC
// was not reached, and another try may help; 126 when it is not known how far the command got, and a human must look.
// 137 is SIGKILL: out of memory, or the grace period was over. This is for PCs on published ports.
import { isSshError, jobId, loadCustomers, runJob } from 'ssh-via-gateway';

const { CUSTOMERS = '/etc/rpa/customers.json', RUN, JOB_COMPLETION_INDEX } = process.env;
const command = process.argv.slice(2).join(' ');

const { gateway, customers } = await loadCustomers(CUSTOMERS);
const active = [...customers.values()].filter(({ state }) => state === 'active');
const customer = active[Number(JOB_COMPLETION_INDEX)];
if (!customer || !RUN || !command) {
  throw new Error(`RUN, a command, and a JOB_COMPLETION_INDEX below ${active.length} are needed`);
}

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const { code, port, username, privateKeyPath, hostKey, hostKeyAlias } = customer;
try {
  const { exitCode } = await runJob(
    {
      host: gateway.host,
      port,
      username,
      privateKeyPath,
      hostKey: hostKey ? { key: hostKey } : { alias: hostKeyAlias },
      signal: stop.signal,
    },
    command,
    {
      id: jobId(RUN, code),
      reject: false,
      onOutput: (text) => process.stdout.write(text),
    },
  );
  process.exitCode = exitCode === 0 ? 0 : Math.min(Math.max(exitCode ?? 125, 1), 125);
} catch (error) {
  if (stop.signal.aborted) process.exitCode = 143;
  else if (!isSshError(error)) throw error;
  else {
    console.error(`${code}: ${error.message}\n${error.hint ?? ''}`);
    process.exitCode = error.retryable ? 255 : 126;
  }
}
