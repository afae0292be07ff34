import { Bundle, TaskHandler } from '@apache-airflow/ts-sdk';
import { runRpa } from './run-rpa.ts';
import { startAndLook } from './start-and-look.ts';

const bundle = new Bundle();
// The Dag `rpa` is declared in dags/rpa.py, the other one in TypeScript.
bundle.register(new TaskHandler('rpa', 'run_rpa', runRpa), startAndLook);
await bundle.serve();
