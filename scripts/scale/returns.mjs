// How long until all tunnels are back after a gateway's restart: computed, for more tunnels than one machine can play.
// The waits are those of keepReverseTunnel itself; sshd drops logins as should_drop_connection of its sshd.c does.
//
//   npm run scale:returns -- [TUNNELS] [MAX STARTUPS] [PROCESSORS] [CPU MS OF A LOGIN] [MS OF A LOGIN] [MS DOWN]
//
// Default: 5000 10:30:100 2 20 300 10000. What it finds for 1,000 tunnels agrees with what gateway.mjs measures.
import { BannerInvalid, ConnectionRefused } from 'ssh-via-gateway';
import { importTypeScript } from './typescript.mjs';

const [, , tunnelCount = 5_000, maxStartups = '10:30:100', ...numbers] = process.argv;
const [processors = 2, work = 20, loginMs = 300, downMs = 10_000] = numbers.map(Number);
const [begin, rate, full] = maxStartups.split(':').map(Number);
const count = Number(tunnelCount);
/** Milliseconds of one step, and of an attempt that is dropped. */
const step = 5;
const droppedAfter = 50;

const refused = new ConnectionRefused('While it is down', { phase: 'tcp' });
const dropped = new BannerInvalid('Exceeded MaxStartups', { phase: 'banner' });

const { defaultBackoff, TunnelWaits } = await importTypeScript('src/tunnel/keep/backoff.ts');

let now = -downMs;
let away = Array.from({ length: count }, () => {
  const waits = new TunnelWaits(defaultBackoff);
  return { waits, due: now + waits.next(new Error('lost')) };
});
let loggingIn = [];
let failed = 0;
const reached = new Map();

while (reached.size < 3) {
  logIn();
  const back = count - away.length - loggingIn.length;
  for (const percent of [50, 90, 100]) {
    if (back >= (count * percent) / 100 && !reached.has(percent)) reached.set(percent, now / 1_000);
  }
  away = away.filter((tunnel) => tunnel.due > now || !isLetIn(tunnel));
  now += step;
}
console.log(
  `${count} tunnels, MaxStartups ${maxStartups}, ${processors} processors, ${work} ms of them for a login, which takes ${loginMs} ms at least:`,
);
console.log(
  `back after the start: ${[...reached].map(([percent, seconds]) => `${percent} % after ${seconds.toFixed(0)} s`).join(', ')}; ${failed} attempts failed`,
);

/** The processors divide their time among all logins. */
function logIn() {
  const share = Math.min(1, processors / Math.max(1, loggingIn.length));
  for (const login of loggingIn) login.left -= step * share;
  loggingIn = loggingIn.filter(({ left, since }) => left > 0 || now - since < loginMs);
}

function isLetIn(tunnel) {
  const isUp = now >= 0;
  if (isUp && Math.random() >= chanceOfDrop(loggingIn.length)) {
    loggingIn.push({ left: work, since: now });
    return true;
  }
  failed++;
  tunnel.due = now + (isUp ? droppedAfter : 0) + tunnel.waits.next(isUp ? dropped : refused);
  return false;
}

function chanceOfDrop(startups) {
  if (startups < begin) return 0;
  if (startups >= full) return 1;
  return (rate + ((100 - rate) * (startups - begin)) / (full - begin)) / 100;
}
