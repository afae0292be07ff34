import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectViaGateway } from '../../connect-via-gateway.ts';
import type { Connection } from '../../connection.ts';
import { connectPhases } from '../../errors/phases.ts';
import type { Log } from '../../options/types.ts';
import { orAborted } from '../../time/on-abort.ts';
import { sleep } from '../../time/timer.ts';
import { buildScene, invoice, koreanOutput, type Scene } from './scene.ts';
import { Timeline } from './timeline.ts';

/**
 * The whole use case, for real, on servers in this process: the PC's reverse tunnel, a zombie that is overcome, an RPA
 * command with Korean output, a file up and a file down. Resolves to the exit code: 0 only if all of it happened.
 * Rejects with the signal's reason once everything is gone again.
 */
export async function runDemo(
  write: (line: string) => void = console.log,
  signal: AbortSignal = new AbortController().signal,
): Promise<number> {
  const timeline = new Timeline(write);
  await using scene = await buildScene(timeline, signal);
  await orAborted(scene.startTunnel(), signal);
  await firstVisit(scene, timeline);
  await reachThroughZombie(scene, timeline);
  const all = timeline.passed + timeline.failed;
  write(`\n${timeline.passed} of ${all} checks passed`);
  return timeline.failed === 0 && all === expectedChecks ? 0 : 1;
}

const expectedChecks = 7;

async function firstVisit(scene: Scene, timeline: Timeline): Promise<void> {
  await using connection = await connectViaGateway(scene.worker);
  const { timings } = connection;
  const phases = connectPhases.map(({ name, step }) => `${step} ${timings[name]}`).join(', ');
  timeline.tell('worker', `connected to ${connection.serverVersion} in ${timings.total} ms (${phases})`);
  timeline.check(
    'the worker reached the PC through the gateway',
    connection.serverVersion.startsWith('OpenSSH_for_Windows'),
  );
}

/** The PC vanishes; a worker connects, meets the zombie, backs off, and gets its connection once the PC is back. */
async function reachThroughZombie(scene: Scene, timeline: Timeline): Promise<void> {
  scene.losePc();
  timeline.tell('PC', 'vanishes: its network is cut, and the gateway has not noticed');
  const codes: string[] = [];
  const connecting = connectViaGateway({
    ...scene.worker,
    // A tenth of the defaults or less, so that the demo is soon over.
    timeouts: { banner: 1_000 },
    retry: { attempts: 10, minDelay: 200, maxDelay: 1_000, quiet: 1_500 },
    log: watch(timeline, codes),
  });
  const [open] = await Promise.all([connecting, heal(scene, timeline)]);
  await using _closing = open;
  timeline.check('the zombie was recognised (BannerTimeout)', codes.includes('SSH_BANNER_TIMEOUT'));
  timeline.check(
    'the worker got its connection once the PC was back',
    open.serverVersion.includes('Windows'),
  );
  await doTheWork(open, scene, timeline);
}

function watch(timeline: Timeline, codes: string[]): Log {
  return ({ event, code, message }) => {
    if (event === 'connected') timeline.tell('worker', message);
    if (event !== 'attempt-failed' || !code) return;
    codes.push(code);
    timeline.tell('worker', `${code}: ${message}`);
  };
}

async function heal(scene: Scene, timeline: Timeline): Promise<void> {
  await sleep(2_000, scene.signal);
  timeline.tell(
    'gateway',
    'sshd: the session has not answered (ClientAliveCountMax); the port is free again',
  );
  scene.noticeZombie();
}

async function doTheWork(connection: Connection, scene: Scene, timeline: Timeline): Promise<void> {
  timeline.tell('worker', `runs ${invoice}`);
  const { stdout, exitCode, durationMs } = await connection.exec(invoice, {
    encoding: 'cp949',
    signal: scene.signal,
  });
  for (const line of stdout.trimEnd().split('\r\n')) timeline.tell('PC', `  ${line}`);
  timeline.check(`exit code 0 after ${Math.round(durationMs)} ms`, exitCode === 0);
  timeline.check('Korean output (code page 949) arrived as it was sent', stdout === koreanOutput);
  await moveFiles(connection, scene, timeline);
}

async function moveFiles(connection: Connection, scene: Scene, timeline: Timeline): Promise<void> {
  const { signal } = scene;
  const folder = await mkdtemp(join(tmpdir(), 'ssh-via-gateway-demo-'));
  try {
    const content = randomBytes(3_000_000);
    const up = await connection.upload(content, 'C:\\rpa\\in.bin', { verify: 'size', signal });
    timeline.tell('worker', `uploaded ${up.bytes} bytes to C:\\rpa\\in.bin`);
    timeline.check(
      'the file on the PC is the one that was sent',
      scene.pc.files.read('C:\\rpa\\in.bin').equals(content),
    );
    const local = join(folder, 'in.bin');
    const down = await connection.download('C:/rpa/in.bin', local, { signal });
    timeline.tell('worker', `downloaded ${down.bytes} bytes`);
    timeline.check('the file that came back is the same', (await readFile(local)).equals(content));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
