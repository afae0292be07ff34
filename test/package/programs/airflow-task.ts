import { Dag, DagRegistry, serveDags } from 'apache-airflow-ts-sdk';
import { connectViaGateway, isSshError } from 'ssh-via-gateway';
import { startMockServer } from 'ssh-via-gateway/mock-server';
import { roundTrip } from './round-trip.mjs';

const work = () => roundTrip({ connectViaGateway, isSshError }, { startMockServer });

// Airflow starts a bundle with arguments. Without them, this one runs its task at once.
if (process.argv.length > 2) {
  const dag = new Dag('rpa');
  dag.task('invoice', work);
  await serveDags(new DagRegistry(dag));
} else {
  await work();
}
