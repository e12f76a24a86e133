import type { ProviderError, ProviderErrorCode } from '../providers/provider-error.ts'
import type { Reason } from '../vocabulary/reasons.ts'

/** How long a connection is left alone after its own failures. */
export interface Pause {
  reason: Reason
  /** Failures in a row that do not pause it yet. */
  tolerated: number
  /** The first pause; each further failure doubles it. */
  firstMs: number
  maxMs: number
  /** What the provider itself asked for. */
  askedMs: number | null
}

type Rule = Omit<Pause, 'askedMs'>

/** Failures that are the connection's and not one workload's. Wrong keys are not hammered: some vendors lock them. */
const rules: { readonly [code in ProviderErrorCode]?: Rule } = {
  rate_limited: { reason: 'rate_limited', tolerated: 0, firstMs: 1000, maxMs: 300_000 },
  unauthenticated: { reason: 'credentials_rejected', tolerated: 0, firstMs: 5000, maxMs: 900_000 },
  egress_denied: { reason: 'egress_denied', tolerated: 0, firstMs: 5000, maxMs: 60_000 },
  unavailable: { reason: 'provider_unavailable', tolerated: 2, firstMs: 1000, maxMs: 60_000 },
}

/** Why workloads may be waiting that a pause has stopped. */
export const pauseReasons: readonly Reason[] = Object.values(rules).map(({ reason }) => reason)

/** A process whose clock is wrong is rejected like one with wrong keys, and the others must not wait for it. */
const wrongClock: Rule = { reason: 'credentials_rejected', tolerated: 0, firstMs: 1000, maxMs: 5000 }

export function pauseFor({
  code,
  field,
  retryAfterMs,
}: Pick<ProviderError, 'code' | 'field' | 'retryAfterMs'>): Pause | null {
  const rule = code === 'unauthenticated' && field === 'clock' ? wrongClock : rules[code]
  return rule === undefined ? null : { ...rule, askedMs: retryAfterMs ?? null }
}
