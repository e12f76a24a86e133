/** Values of attributes come from the code or are ids, never text of clients or providers, which may hold secrets. */
export type Attributes = Readonly<Record<string, string | number | boolean>>

export interface SpanStart {
  /** From a bounded set: no ids. */
  name: string
  kind: 'server' | 'client' | 'producer' | 'consumer' | 'internal'
  /** A W3C `traceparent`; null = a new trace. Absent = the span that is active. An invalid one counts as null. */
  parent?: string | null
  attributes?: Attributes
}

export interface Span {
  /** The W3C `traceparent` of what follows from this span; null if nothing is traced. */
  readonly traceParent: string | null
  set(attributes: Attributes): void
  rename(name: string): void
  /** Marks the span as failed. `code` is from a bounded set; messages are omitted, since other systems write them. */
  fail(code: string): void
}

/** A span that is ended explicitly. */
export interface OpenSpan extends Span {
  /** Makes the span active for what `next` starts. */
  run(next: () => void): void
  end(): void
}

export interface Tracing {
  readonly isOn: boolean
  /** Runs `run` with the span active; the span ends when it settles. */
  span<R>(start: SpanStart, run: (span: Span) => Promise<R>): Promise<R>
  open(start: SpanStart): OpenSpan
  /** The ids of the active span, as fields of a log line. */
  logFields(): { trace_id?: string; span_id?: string }
  /** Exports what is left. Never fails. */
  close(): Promise<void>
}

/** Of spans about wake-up messages, by the conventions for messaging. */
export const messagingAttributes: Attributes = {
  'messaging.system': 'bullmq',
  'messaging.destination.name': 'switchyard-reconcile',
}

const noSpan: OpenSpan = {
  traceParent: null,
  set() {},
  rename() {},
  fail() {},
  run: (next) => next(),
  end() {},
}

/** Traces nothing. */
export const noTracing: Tracing = {
  isOn: false,
  span: (_, run) => run(noSpan),
  open: () => noSpan,
  logFields: () => ({}),
  close: async () => {},
}
