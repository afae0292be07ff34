// Runs the function of a test here, on Windows: argv[2] is a JSON file with its text and its argument; what it returned
// or threw goes to argv[3]; argv[4] is the user's profile. A process whose function has returned must then end by itself.
import { readFileSync, writeFileSync } from 'node:fs';

// wine sets it anew for each program.
process.env.USERPROFILE = process.argv[4];
const library = await import('ssh-via-gateway');

const { code, argument } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const fields = ['code', 'hint', 'exitCode', 'retryable', 'reason', 'path', 'stdout', 'stderr', 'terminated'];

function shown(error) {
  const told = Object.fromEntries(
    fields.filter((name) => error[name] !== undefined).map((name) => [name, error[name]]),
  );
  return { ...told, name: error.name, message: error.message };
}

let result;
try {
  const run = new Function(`return (${code})`)();
  const modules = { fs: await import('node:fs'), childProcess: await import('node:child_process') };
  result = { value: await run({ library, ...modules }, argument) };
} catch (error) {
  result = { error: shown(error) };
}
writeFileSync(process.argv[3], JSON.stringify(result));
// What a failed test has left open must not hold it up.
if (result.error) process.exit();
