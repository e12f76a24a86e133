import { pauseFor } from '../../src/connections/pause.ts'
import { environmentKind } from '../../src/environments/environment.kind.ts'
import { jobKind } from '../../src/jobs/job.kind.ts'
import type { ProviderErrorCode } from '../../src/providers/provider-error.ts'
import type { Kind } from '../../src/vocabulary/kinds.ts'
import { reasons } from '../../src/vocabulary/reasons.ts'
import { isTerminal, statusesOf, type Transitions } from '../../src/vocabulary/transitions.ts'
import { verdictOf, waitingReason } from '../../src/workloads/failure-policy.ts'
import type { WorkloadKind } from '../../src/workloads/kind.ts'
import { code, table, withGeneratedPart } from './markdown.ts'

/** Every code with what it says, in the order of `ProviderErrorCode`; a new one does not compile until it is here. */
const codes: Readonly<Record<ProviderErrorCode, string>> = {
  invalid_request: 'the request breaks a rule of the provider',
  unauthenticated: 'the credentials are wrong',
  permission_denied: 'the credentials may not do this',
  not_found: 'there is no such object',
  conflict: 'the name is taken, or the object is busy',
  unsupported: 'the provider, or this route of it, cannot do it',
  quota_exceeded: "the account's quota is used up",
  no_capacity: 'the provider has no room now',
  rate_limited: 'too many calls',
  egress_denied: "the operator does not allow the provider's host",
  unavailable: 'no answer, or a fault of the provider',
  timeout: 'no answer in time',
  outcome_unknown: 'nobody can tell what was done',
  bad_response: 'an answer that says nothing',
  internal: 'the driver failed',
}

/** docs/job-lifecycle.md with the tables that follow from the code: statuses of each kind, failures, reasons. */
export function generateLifecycleTables(page: string): string {
  const parts = [
    { name: 'job-statuses', heading: 'Statuses of a job', text: statusTable(jobKind) },
    { name: 'environment-statuses', heading: 'Statuses of an environment', text: statusTable(environmentKind) },
    { name: 'failures', heading: 'What a failed call means', text: failureTable() },
    { name: 'reasons', heading: 'Reasons', text: reasonTable() },
  ]
  return parts.reduce(withGeneratedPart, page)
}

function statusTable<K extends Kind>(kind: WorkloadKind<K>): string {
  const transitions: Transitions<string> = kind.transitions
  const rows = statusesOf(transitions).map((status) => [
    code(status),
    partsOf(kind, status).join(', ') || '–',
    isTerminal(transitions, status) ? 'nothing: the end' : (transitions[status] ?? []).map(code).join(' '),
  ])
  return table(['status', 'what it is to the engine', 'may become'], rows)
}

/** The parts that a status plays in the record which the kind hands to the engine. */
function partsOf<K extends Kind>(kind: WorkloadKind<K>, status: string): string[] {
  const verbs = Object.entries(kind.inFlight).filter(([, inFlight]) => inFlight === status)
  const parts: readonly [boolean, string][] = [
    [kind.waiting === status, 'not sent yet'],
    [kind.sending === status, 'an attempt to create is open'],
    [kind.taken === status, 'the provider took it'],
    [kind.running === status, 'it runs'],
    [(kind.settled as readonly string[]).includes(status), 'settled'],
    [kind.refused === status, 'the create was refused, or it failed'],
    [kind.calledOff === status, 'called off before anything was made, or ended so'],
  ]
  return [...parts.flatMap(([is, part]) => (is ? [part] : [])), ...verbs.map(([verb]) => `${verb} is under way`)]
}

function failureTable(): string {
  const rows = (Object.keys(codes) as ProviderErrorCode[]).map((each) => {
    const verdicts = (['create', 'control', 'look'] as const).map((call) =>
      code(verdictOf(call, { code: each, notSent: false })),
    )
    return [code(each), codes[each], ...verdicts, code(waitingReason(each)), pauseOf(each)]
  })
  return table(['code', 'the provider says', 'create', 'verb', 'look', 'shown while waiting', 'the connection'], rows)
}

function pauseOf(each: ProviderErrorCode): string {
  const pause = pauseFor({ code: each, field: undefined, retryAfterMs: undefined })
  if (pause === null) return '–'
  const from = pause.tolerated === 0 ? 'pauses at once' : `pauses from failure ${pause.tolerated + 1} in a row`
  return `${from}: ${pause.firstMs / 1000} s, doubling up to ${pause.mostMs / 1000} s`
}

function reasonTable(): string {
  return table(
    ['reason', 'meaning'],
    Object.entries(reasons).map(([reason, meaning]) => [code(reason), meaning]),
  )
}
