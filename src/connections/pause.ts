import type { ProviderError, ProviderErrorCode } from '../providers/provider-error.ts'
import type { Reason } from '../vocabulary/reasons.ts'

/** How long a connection is paused after failures. */
export interface Pause {
  reason: Reason
  /** Consecutive failures that do not cause a pause. */
  tolerated: number
  /** The first pause; doubled with each further failure. */
  firstMs: number
  maxMs: number
  /** The delay requested by the provider. */
  requestedMs: number | null
}

type Rule = Omit<Pause, 'requestedMs'>

/** Failures of the connection, not of one workload. Rejected credentials are retried slowly: some vendors lock them. */
const rules: { readonly [code in ProviderErrorCode]?: Rule } = {
  rate_limited: { reason: 'rate_limited', tolerated: 0, firstMs: 1000, maxMs: 300_000 },
  unauthenticated: { reason: 'credentials_rejected', tolerated: 0, firstMs: 5000, maxMs: 900_000 },
  egress_denied: { reason: 'egress_denied', tolerated: 0, firstMs: 5000, maxMs: 60_000 },
  unavailable: { reason: 'provider_unavailable', tolerated: 2, firstMs: 1000, maxMs: 60_000 },
}

/** Reasons of workloads that wait for the end of a pause. */
export const pauseReasons: readonly Reason[] = Object.values(rules).map(({ reason }) => reason)

/**
 * A wrong clock causes the same rejection as wrong credentials; the pause is short because it affects all processes.
 */
const wrongClock: Rule = { reason: 'credentials_rejected', tolerated: 0, firstMs: 1000, maxMs: 5000 }

export function pauseFor({
  code,
  field,
  retryAfterMs,
}: Pick<ProviderError, 'code' | 'field' | 'retryAfterMs'>): Pause | null {
  const rule = code === 'unauthenticated' && field === 'clock' ? wrongClock : rules[code]
  return rule === undefined ? null : { ...rule, requestedMs: retryAfterMs ?? null }
}
