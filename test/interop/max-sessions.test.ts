import { describe, expect, it } from 'vitest';
import { exec } from '../../src/exec/exec.ts';
import { openLink } from '../support/open-link.ts';
import { startSshd } from '../support/sshd.ts';

/** Commands for each MaxSessions; a thousand each where there is time for it. */
const commands = Number(process.env['CROWD'] ?? 200);
const crowds = 2;

/** A server whose login shell takes a tenth of a second to start. */
async function slowServer(maxSessions: number) {
  const config = [`MaxSessions ${maxSessions}`, 'ForceCommand /bin/sh -c "sleep 0.1; $SSH_ORIGINAL_COMMAND"'];
  return startSshd({ config });
}

describe('crowds of commands', () => {
  it.each([1, 2, 3, 10])(
    'on a server with MaxSessions %i all succeed, as many side by side as it allows',
    async (maxSessions) => {
      await using server = await slowServer(maxSessions);
      await using link = await openLink(server);
      const { slots } = link.opener;
      let longest = 0;
      let fullAt = performance.now();
      const timer = setInterval(() => {
        const isFull = slots.waiting === 0 || slots.confirmed >= maxSessions;
        if (isFull) fullAt = performance.now();
        longest = Math.max(longest, performance.now() - fullAt);
      }, 5);
      const startedAt = performance.now();
      for (let crowd = 0; crowd < crowds; crowd++) {
        const each = Array.from({ length: commands / crowds }, async (_, at) => {
          const { stdout } = await exec(link.opener, `echo ${at}`);
          expect(stdout).toBe(`${at}\n`);
        });
        await Promise.all(each);
      }
      clearInterval(timer);
      const seconds = (performance.now() - startedAt) / 1_000;
      const refused = server.log().split('no more sessions').length - 1;
      console.log(
        `MaxSessions ${maxSessions}: ${commands} commands in ${seconds.toFixed(1)} s, ${refused} refused, below the limit for ${longest.toFixed(0)} ms at most`,
      );
      expect(longest).toBeLessThan(1_000);
    },
    400_000,
  );
});
