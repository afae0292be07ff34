import { loadContender } from './contenders/index.ts';
import type { ColdReport, ColdTask } from './support/cold.ts';
import { timed } from './support/measure.ts';
import type { Target } from './support/types.ts';

// One transfer of one contender. A worker's program is like that: it starts, connects, moves a file, and ends.
const [name = '', taskText = '', targetText = ''] = process.argv.slice(2);
const { verb, from, to } = JSON.parse(taskText) as ColdTask;
const target = JSON.parse(targetText) as Target;

function tell(report: Partial<ColdReport>): never {
  console.log(JSON.stringify(report));
  process.exit();
}

process.on('uncaughtException', (error) => tell({ failed: error.message }));

const contender = await loadContender(name);
const session = await contender?.openFiles?.(target);
if (!session) throw new Error(`${name} moves no files`);
tell({ ms: await timed(() => session[verb](from, to)) });
