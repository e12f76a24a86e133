import { pauseFor } from '../../src/connections/pause.ts'
import { environmentKind } from '../../src/environments/environment.kind.ts'
import { jobKind } from '../../src/jobs/job.kind.ts'
import type { ProviderErrorCode } from '../../src/providers/provider-error.ts'
import type { Kind } from '../../src/vocabulary/kinds.ts'
import { reasons } from '../../src/vocabulary/reasons.ts'
import { isTerminal, statusesOf, type Transitions } from '../../src/vocabulary/transitions.ts'
import { failureDecisionOf, waitingReason } from '../../src/workloads/apply/failure-policy.ts'
import type { WorkloadKind } from '../../src/workloads/kind.ts'
import { code, table, withGeneratedPart } from './markdown.ts'

/** Meaning of each code, in the order of `ProviderErrorCode`. */
const codes: Readonly<Record<ProviderErrorCode, string>> = {
  invalid_request: 'the request violates a rule of the provider',
  unauthenticated: 'the credentials are invalid',
  permission_denied: 'the credentials lack the permission',
  not_found: 'the object does not exist',
  conflict: 'the name is taken, or the object is busy',
  unsupported: 'the provider, or this API of it, does not support it',
  quota_exceeded: "the account's quota is exceeded",
  no_capacity: 'the provider has no free capacity',
  rate_limited: 'too many calls',
  egress_denied: "the operator does not allow the provider's host",
  unavailable: 'no response, or a server error',
  timeout: 'no response in time',
  outcome_unknown: 'the effect of the call is unknown',
  bad_response: 'a response that cannot be interpreted',
  internal: 'unexpected driver error',
}

/** Generates docs/job-lifecycle.md with its tables: statuses of each kind, failures, reasons. */
export function generateLifecycleTables(page: string): string {
  const parts = [
    { name: 'job-statuses', heading: 'Statuses of a job', text: statusTable(jobKind) },
    { name: 'environment-statuses', heading: 'Statuses of an environment', text: statusTable(environmentKind) },
    { name: 'failures', heading: 'Provider error handling', text: failureTable() },
    { name: 'reasons', heading: 'Reasons', text: reasonTable() },
  ]
  return parts.reduce(withGeneratedPart, page)
}

function statusTable<K extends Kind>(kind: WorkloadKind<K>): string {
  const transitions: Transitions<string> = kind.transitions
  const rows = statusesOf(transitions).map((status) => [
    code(status),
    partsOf(kind, status).join(', ') || '–',
    isTerminal(transitions, status) ? 'none (final)' : (transitions[status] ?? []).map(code).join(' '),
  ])
  return table(['Status', 'Meaning to the engine', 'Transitions to'], rows)
}

/** The roles of a status in the kind's record. */
function partsOf<K extends Kind>(kind: WorkloadKind<K>, status: string): string[] {
  const actions = Object.entries(kind.inFlight).filter(([, inFlight]) => inFlight === status)
  const parts: readonly [boolean, string][] = [
    [kind.waiting === status, 'not dispatched'],
    [kind.dispatchingStatus === status, 'a creation attempt is open'],
    [kind.accepted === status, 'accepted by the provider'],
    [kind.running === status, 'running'],
    [(kind.settled as readonly string[]).includes(status), 'stable'],
    [kind.rejected === status, 'create rejected, or failed'],
    [kind.canceledBeforeDispatch === status, 'canceled before dispatch, or ended by request'],
  ]
  return [...parts.flatMap(([is, part]) => (is ? [part] : [])), ...actions.map(([action]) => `${action} in progress`)]
}

function failureTable(): string {
  const rows = (Object.keys(codes) as ProviderErrorCode[]).map((each) => {
    const verdicts = (['create', 'control', 'read'] as const).map((call) =>
      code(failureDecisionOf(call, { code: each, notSent: false })),
    )
    return [code(each), codes[each], ...verdicts, code(waitingReason(each)), pauseOf(each)]
  })
  return table(['Code', 'Meaning', 'Create', 'Action', 'Read', 'Reason while waiting', 'Connection'], rows)
}

function pauseOf(each: ProviderErrorCode): string {
  const pause = pauseFor({ code: each, field: undefined, retryAfterMs: undefined })
  if (pause === null) return '–'
  const from = pause.tolerated === 0 ? 'pauses immediately' : `pauses after ${pause.tolerated + 1} consecutive failures`
  return `${from}: ${pause.firstMs / 1000} s, doubling up to ${pause.maxMs / 1000} s`
}

function reasonTable(): string {
  return table(
    ['Reason', 'Meaning'],
    Object.entries(reasons).map(([reason, meaning]) => [code(reason), meaning]),
  )
}
