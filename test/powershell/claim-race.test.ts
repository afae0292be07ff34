import { expect, it } from 'vitest';
import { startWindowsPc } from './support/pc.ts';

/** What a job's claim is made by: several threads move files to one name, round after round. */
const race = `
Add-Type -TypeDefinition @'
using System.IO;
using System.Threading;
public static class Race {
  public static int Most(string folder) {
    int most = 0;
    for (int round = 0; round < 1000; round++) {
      int moved = 0;
      string to = Path.Combine(folder, "claim-" + round);
      Barrier together = new Barrier(4);
      Thread[] threads = new Thread[4];
      for (int n = 0; n < 4; n++) {
        string from = to + "." + n;
        File.WriteAllText(from, "");
        threads[n] = new Thread(delegate() {
          together.SignalAndWait();
          try { File.Move(from, to); Interlocked.Increment(ref moved); } catch (IOException) {}
        });
        threads[n].Start();
      }
      foreach (Thread thread in threads) thread.Join();
      if (moved > most) most = moved;
    }
    return most;
  }
}
'@
[void][IO.Directory]::CreateDirectory('race')
[Race]::Most([IO.Path]::GetFullPath('race'))`;

it('of several that move a file to one name at the same moment, one succeeds', async () => {
  await using pc = await startWindowsPc();
  await using connection = await pc.connect();
  expect((await connection.powershell(race)).stdout.trim()).toBe('1');
});
