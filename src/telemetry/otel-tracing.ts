import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { type Context, type Span as OtelSpan, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { parseTraceParent } from '@opentelemetry/core'
import { detectResources, envDetector, type Resource, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { makeExporter } from './otel-exporter.ts'
import { makeSampler } from './otel-sampler.ts'
import type { OpenSpan, SpanStart, Tracing } from './tracing.ts'
import type { TracingSettings } from './tracing-settings.ts'

type Active = AsyncLocalStorage<OtelSpan>

const kinds: Readonly<Record<SpanStart['kind'], SpanKind>> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
}

/**
 * Tracing with the OpenTelemetry SDK. This module is imported only if traces are exported, so that other processes do
 * not load the SDK. Nothing is patched and nothing is registered globally: Switchyard creates every span.
 */
export async function makeTracing(settings: TracingSettings): Promise<Tracing> {
  const exporter = await makeExporter(settings.exporter)
  const provider = new TracerProvider({
    ...{ resource: resourceOf(settings), sampler: makeSampler(settings.sampler) },
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  })
  const tracer = provider.getTracer('switchyard', settings.version)
  const active: Active = new AsyncLocalStorage()
  const begin = ({ name, kind, parent, attributes = {} }: SpanStart): OtelSpan =>
    tracer.startSpan(name, { kind: kinds[kind], attributes }, contextOf(active, parent))
  return {
    isOn: true,
    open: (start) => openSpan(active, begin(start)),
    async span(start, run) {
      const started = begin(start)
      const span = openSpan(active, started)
      try {
        return await active.run(started, () => run(span))
      } finally {
        span.end()
      }
    },
    logFields() {
      const context = active.getStore()?.spanContext()
      return context === undefined ? {} : { trace_id: context.traceId, span_id: context.spanId }
    },
    close: () => provider.shutdown().catch(() => {}),
  }
}

/** `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME` override the defaults. */
function resourceOf({ version }: TracingSettings): Resource {
  const own = { 'service.name': 'switchyard', 'service.version': version, 'service.instance.id': randomUUID() }
  return resourceFromAttributes(own).merge(detectResources({ detectors: [envDetector] }))
}

function contextOf(active: Active, parent: SpanStart['parent']): Context {
  if (parent === undefined) {
    const span = active.getStore()
    return span === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, span)
  }
  const remote = parent === null ? null : parseTraceParent(parent)
  return remote === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...remote, isRemote: true })
}

function openSpan(active: Active, span: OtelSpan): OpenSpan {
  return {
    traceParent: traceParentOf(span),
    set: (attributes) => void span.setAttributes(attributes),
    rename: (name) => void span.updateName(name),
    fail: (code) => void span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute('error.type', code),
    run: (next) => active.run(span, next),
    end: () => span.end(),
  }
}

/** W3C Trace Context, level 1: https://www.w3.org/TR/trace-context-1/#traceparent-header */
function traceParentOf(span: OtelSpan): string {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return `00-${traceId}-${spanId}-${(traceFlags & 1).toString(16).padStart(2, '0')}`
}
