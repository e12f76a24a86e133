/** The caller of a request; recorded in the audit log. Contains no secret. */
export interface Actor {
  /** API key id, `oidc:` and the subject of a token, `shell:` and the user of a command, `bootstrap`, or `system`. */
  subject: string
  /** Network address of the client. */
  address: string
  requestId: string
  /** The W3C `traceparent` of the request, if it is traced. Recorded with the workload that it changes. */
  traceParent?: string
}

/**
 * How long the trace of a request includes events of its workload: long enough for the first results, short enough that
 * months of polling do not accumulate in one trace.
 */
export const traceLifetimeMs = 3_600_000

/** Actor of changes that Switchyard makes without a request. */
export const systemActor: Actor = { subject: 'system', address: '', requestId: '' }
