import type { ProviderErrorCode } from '../../providers/provider-error.ts'
import type { Reason } from '../../vocabulary/reasons.ts'

/**
 * What a failed call means.
 * - `again`: nothing was done; retry later.
 * - `final`: it can never succeed; the workload (create) or the request (action) fails.
 * - `find`: something may have been done; search for it.
 * - `gone`: the provider reports no such object; confirm it.
 */
export type Verdict = 'again' | 'final' | 'find' | 'gone'

/** The failed call. `look` = get, list, find or prepare: it changes nothing. */
export type Operation = 'create' | 'control' | 'look'

/** Exhaustive: a new error code does not compile until its meaning is decided. */
const policy: Readonly<Record<ProviderErrorCode, Readonly<Record<Operation, Verdict>>>> = {
  invalid_request: { create: 'final', control: 'final', look: 'again' },
  unauthenticated: { create: 'again', control: 'again', look: 'again' },
  permission_denied: { create: 'final', control: 'final', look: 'again' },
  not_found: { create: 'final', control: 'gone', look: 'gone' },
  // Create: the name is taken, perhaps by an earlier attempt. Action: another operation is in progress.
  conflict: { create: 'find', control: 'again', look: 'again' },
  unsupported: { create: 'final', control: 'final', look: 'again' },
  quota_exceeded: { create: 'again', control: 'again', look: 'again' },
  no_capacity: { create: 'again', control: 'again', look: 'again' },
  rate_limited: { create: 'again', control: 'again', look: 'again' },
  egress_denied: { create: 'again', control: 'again', look: 'again' },
  unavailable: { create: 'find', control: 'again', look: 'again' },
  timeout: { create: 'find', control: 'again', look: 'again' },
  outcome_unknown: { create: 'find', control: 'again', look: 'again' },
  bad_response: { create: 'find', control: 'again', look: 'again' },
  internal: { create: 'find', control: 'again', look: 'again' },
}

export function verdictOf(operation: Operation, error: { code: ProviderErrorCode; notSent: boolean }): Verdict {
  const verdict = policy[error.code][operation]
  return verdict === 'find' && error.notSent ? 'again' : verdict
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
