import { getClient } from '@apache-airflow/ts-sdk';
import { fromAirflowConnection, type LogRecord } from 'ssh-via-gateway';

/** Where the RPA runs: the Airflow connection `rpa_pc`. */
export async function customerPc() {
  const connection = await getClient().getConnection('rpa_pc');
  if (!connection) throw new Error('the connection rpa_pc is missing');
  return fromAirflowConnection(connection, { log });
}

function log({ level, message }: LogRecord): void {
  if (level !== 'debug') console.log(`${level}: ${message}`);
}
