/** Who made a request, and from where; recorded in the audit log. Contains no secret. */
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
 * The trace of a request ends this long after it: what happens to the workload later belongs to no trace of a client.
 * Long enough for the first results, and short enough that the polls of months do not pile up in one trace.
 */
export const traceLifetimeMs = 3_600_000

/** Actor of changes that Switchyard makes without a request. */
export const systemActor: Actor = { subject: 'system', address: '', requestId: '' }
