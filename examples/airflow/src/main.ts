import { Dag, DagRegistry, serveDags } from 'apache-airflow-ts-sdk';
import { runRpa } from './run-rpa.ts';

const rpa = new Dag('rpa');
rpa.task('run_rpa', runRpa);

await serveDags(new DagRegistry(rpa));
