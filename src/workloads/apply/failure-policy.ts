import type { ProviderErrorCode } from '../../providers/provider-error.ts'
import type { Reason } from '../../vocabulary/reasons.ts'

/**
 * What a failed call means.
 * - `again`: nothing was done; try again after a while.
 * - `final`: it will never work; the workload (a create) or the wish (a verb) ends here.
 * - `find`: something may have been done; look for it.
 * - `gone`: the provider says there is no such object; confirm it.
 */
export type Verdict = 'again' | 'final' | 'find' | 'gone'

/** Which call failed. `look` = get, list, find, prepare: nothing is changed by it. */
export type Operation = 'create' | 'control' | 'look'

/** Exhaustive on purpose: a new error code does not compile until somebody decided what it means. */
const policy: Readonly<Record<ProviderErrorCode, Readonly<Record<Operation, Verdict>>>> = {
  invalid_request: { create: 'final', control: 'final', look: 'again' },
  unauthenticated: { create: 'again', control: 'again', look: 'again' },
  permission_denied: { create: 'final', control: 'final', look: 'again' },
  not_found: { create: 'final', control: 'gone', look: 'gone' },
  // A create: the name is taken, perhaps by our own earlier attempt. A verb: another operation is going on.
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

/** What a client reads while a call is tried again; null = nothing worth showing. */
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

/** Whether the same request may work later, as the record tells the client. */
export function isRetryable(code: ProviderErrorCode): boolean {
  return policy[code].create !== 'final'
}
