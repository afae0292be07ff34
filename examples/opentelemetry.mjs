// Spans for every connection and every command, with the attempts and the phases in them, through Node's own
// diagnostics_channel: the library knows nothing of OpenTelemetry, and costs nothing where nobody listens.
//
//   node examples/opentelemetry.mjs
//       on a PC behind a mock gateway in this process, whose sshd is down at first
//
//   SSH_HOST=gateway.example.com SSH_PORT=9012 SSH_USERNAME=rpa SSH_PRIVATE_KEY_PATH=~/.ssh/id_ed25519 \
//     SSH_HOST_KEY=SHA256:... node examples/opentelemetry.mjs
import { tracingChannel } from 'node:diagnostics_channel';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { connectViaGateway } from 'ssh-via-gateway';
import { whereTo } from './support/where-to.mjs';

const exporter = new InMemorySpanExporter();
// A service has a NodeSDK with an OTLP exporter here.
trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
);
watchSsh(trace.getTracer('ssh-via-gateway'));

const place = await whereTo({ sshdDownFor: 700 });
const connection = await connectViaGateway({ ...place.options, retry: { minDelay: 300 } });
await connection.exec('echo hello');
await connection.exec('exit 3', { reject: false });
await connection.close();
await place.close();

printTree(exporter.getFinishedSpans());

/** This is all that an application needs. */
function watchSsh(tracer) {
  const spans = new WeakMap();
  const begin = (name) => (told) => {
    const attributes = { 'server.address': told.host, 'server.port': told.port };
    spans.set(told, {
      startedAt: Date.now(),
      span: tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }),
    });
  };
  const finish = (describe) => (told) => {
    const { span, startedAt } = spans.get(told) ?? {};
    if (!span) return; // Begun before we listened.
    describe(span, told, startedAt);
    if (told.error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: told.error.message });
      span.setAttribute('error.type', told.error.code ?? told.error.name);
    }
    span.end();
  };
  tracingChannel('ssh-via-gateway:connect').subscribe({
    start: begin('ssh.connect'),
    asyncEnd: finish((span, told, startedAt) => addAttempts(tracer, span, told, startedAt)),
  });
  tracingChannel('ssh-via-gateway:exec').subscribe({
    start: begin('ssh.exec'),
    asyncEnd: finish((span, { command, exitCode }) => {
      // A command line may hold what is nobody's business; here it is an example's own.
      span.setAttributes({ 'ssh.command': command, 'ssh.exit_code': exitCode ?? -1 });
    }),
  });
}

/** A child for each attempt that failed, and one for each phase of the one that did not. */
function addAttempts(tracer, parent, { attempts, timings, serverVersion }, startedAt) {
  const child = (name, startTime, ms, attributes) => {
    const span = tracer.startSpan(name, { startTime, attributes }, trace.setSpan(ROOT_CONTEXT, parent));
    if (attributes?.['error.type']) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(startTime + ms);
    return startTime + ms;
  };
  let at = startedAt;
  for (const { attempt, code, phase, timings: took, wait } of attempts) {
    at = child(`attempt ${attempt}`, at, took.total, { 'error.type': code, 'ssh.phase': phase });
    at = child('wait', at, wait);
  }
  for (const phase of ['tcp', 'banner', 'handshake', 'auth']) {
    if (timings?.[phase] !== undefined) at = child(phase, at, timings[phase]);
  }
  if (serverVersion) parent.setAttribute('ssh.server_version', serverVersion);
}

function printTree(spans) {
  const roots = spans.filter(({ parentSpanContext }) => !parentSpanContext);
  for (const root of roots) {
    console.log(lineOf(root));
    const children = spans.filter(
      ({ parentSpanContext }) => parentSpanContext?.spanId === root.spanContext().spanId,
    );
    for (const span of children) console.log(`  ${lineOf(span)}`);
  }
}

function lineOf({ name, duration: [seconds, nanos], attributes }) {
  const ms = (seconds * 1_000 + nanos / 1e6).toFixed(1);
  const { 'server.address': _host, 'server.port': _port, ...rest } = attributes;
  return `${name.padEnd(12)} ${ms.padStart(8)} ms  ${JSON.stringify(rest)}`;
}
