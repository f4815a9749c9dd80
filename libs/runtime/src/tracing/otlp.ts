import { diag, DiagLogLevel } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { names } from './names.ts';
import { tracedCalls } from './traced-calls.ts';
import type { Tracing, TracingOptions } from './tracing.ts';

/** A collector that is slow holds up the end of the process no longer than this. */
const exportTimeoutMillis = 5_000;

/** Sends spans to the OTLP endpoint of the environment, as JSON over HTTP, in batches. */
export function openOtlp({ service, version, provider, onProblem }: TracingOptions): Tracing {
  const problem = onlyFirst(onProblem);
  listenToProblems(problem);
  const ours = resourceFromAttributes({ [names.serviceName]: `tutti-${service}`, [names.serviceVersion]: version });
  // What the environment says of the service goes over what it is called by itself.
  const theirs = detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] });
  const resource = defaultResource().merge(ours).merge(theirs);
  const batches = new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), exportTimeoutMillis });
  const spans = new TracerProvider({ resource, spanProcessors: [batches] });
  const tracer = spans.getTracer('tutti', version);
  return {
    traced: (side, next) => tracedCalls({ tracer, side, provider }, next),
    close: () => spans.shutdown().catch((error: Error) => problem(error.message)),
  };
}

/** A collector that is away would else fill the log, a line for each batch. */
function onlyFirst(tell: (message: string) => void): (message: string) => void {
  let told = false;
  return (message) => {
    if (!told) tell(message);
    told = true;
  };
}

/** What goes wrong between calls is told to OpenTelemetry's own logger, which the process has one of. */
function listenToProblems(problem: (message: string) => void): void {
  const ignore = (): void => {};
  const logger = { error: problem, warn: problem, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}
