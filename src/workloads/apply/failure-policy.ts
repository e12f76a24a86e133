import type { ProviderErrorCode } from '../../providers/provider-error.ts'
import type { Reason } from '../../vocabulary/reasons.ts'

/**
 * What a failed call means.
 * - `again`: nothing was done; retry later.
 * - `final`: it can never succeed; the workload (create) or the request (action) fails.
 * - `find`: something may have been done; search for it.
 * - `gone`: the provider reports no such object; confirm it.
 */
export type FailureDecision = 'again' | 'final' | 'find' | 'gone'

/** The failed call. `read` = get, list, find or prepare: it changes nothing. */
export type Operation = 'create' | 'control' | 'read'

/** Exhaustive: a new error code does not compile until its meaning is decided. */
const policy: Readonly<Record<ProviderErrorCode, Readonly<Record<Operation, FailureDecision>>>> = {
  invalid_request: { create: 'final', control: 'final', read: 'again' },
  unauthenticated: { create: 'again', control: 'again', read: 'again' },
  permission_denied: { create: 'final', control: 'final', read: 'again' },
  not_found: { create: 'final', control: 'gone', read: 'gone' },
  // Create: the name is taken, perhaps by an earlier attempt. Action: another operation is in progress.
  conflict: { create: 'find', control: 'again', read: 'again' },
  unsupported: { create: 'final', control: 'final', read: 'again' },
  quota_exceeded: { create: 'again', control: 'again', read: 'again' },
  no_capacity: { create: 'again', control: 'again', read: 'again' },
  rate_limited: { create: 'again', control: 'again', read: 'again' },
  egress_denied: { create: 'again', control: 'again', read: 'again' },
  unavailable: { create: 'find', control: 'again', read: 'again' },
  timeout: { create: 'find', control: 'again', read: 'again' },
  outcome_unknown: { create: 'find', control: 'again', read: 'again' },
  bad_response: { create: 'find', control: 'again', read: 'again' },
  internal: { create: 'find', control: 'again', read: 'again' },
}

export function failureDecisionOf(
  operation: Operation,
  error: { code: ProviderErrorCode; notSent: boolean },
): FailureDecision {
  const decision = policy[error.code][operation]
  return decision === 'find' && error.notSent ? 'again' : decision
}

/** The reason that clients see while a call is retried; null = none. */
const waitingReasons: Readonly<Record<ProviderErrorCode, Reason>> = {
  invalid_request: 'provider_refused',
  unauthenticated: 'credentials_rejected',
  permission_denied: 'provider_refused',
  not_found: 'remote_not_found',
  conflict: 'updating',
  unsupported: 'provider_refused',
  quota_exceeded: 'quota_exceeded',
  no_capacity: 'quota_exceeded',
  rate_limited: 'rate_limited',
  egress_denied: 'egress_denied',
  unavailable: 'provider_unavailable',
  timeout: 'provider_unavailable',
  outcome_unknown: 'outcome_unknown',
  bad_response: 'provider_unavailable',
  internal: 'provider_unavailable',
}

export function waitingReason(code: ProviderErrorCode): Reason {
  return waitingReasons[code]
}

/** Whether the same request may succeed later, as shown in the record. */
export function isRetryable(code: ProviderErrorCode): boolean {
  return policy[code].create !== 'final'
}
