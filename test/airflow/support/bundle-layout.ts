import { createHash } from 'node:crypto';

const metadataMark = '//# airflowMetadata=';

/**
 * A bundle of airflow-ts-pack 0.1.0-beta1 in the layout that Airflow's betas of 3.4 read: they came later, and look for
 * `*.min.mjs` with a line of offsets and digests before the metadata. The code itself is the same, byte for byte.
 */
export function withLayout(bundle: Buffer): Buffer {
  const end = bundle.indexOf('\n') + 1;
  const code = bundle.subarray(end);
  const metadata = metadataOf(bundle.toString('utf8', metadataMark.length, end - 1));
  // The offsets are of fixed width, so the line's length does not depend on them.
  const start = layoutLine(0, metadata, code).length + metadataMark.length;
  const line = layoutLine(start, metadata, code);
  return Buffer.concat([Buffer.from(line + metadataMark), metadata, Buffer.from('\n'), code]);
}

function metadataOf(base64: string): Buffer {
  const yaml = Buffer.from(base64, 'base64').toString();
  const schema = /supervisor_schema_version: "(.+)"/.exec(yaml)?.[1];
  const metadata = {
    airflow_bundle_metadata_version: '1.0',
    sdk: { language: 'typescript', version: '0.1.0-beta1', supervisor_schema_version: schema },
    task_handlers: { rpa: { tasks: ['run_rpa'] } },
  };
  return Buffer.from(JSON.stringify(metadata));
}

function layoutLine(start: number, metadata: Buffer, code: Buffer): string {
  const codeStart = start + metadata.length + 1;
  const layout = {
    metadata: section(start, metadata),
    sources: [],
    code: section(codeStart, code),
  };
  return `//# airflowBundle=${JSON.stringify(layout)}\n`;
}

function section(start: number, bytes: Buffer) {
  const offset = (value: number) => value.toString(16).padStart(16, '0');
  return {
    ...{ start: offset(start), end: offset(start + bytes.length) },
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}
