import { makeId } from '../../vocabulary/ids.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import { isAllowed, isTerminal } from '../../vocabulary/transitions.ts'
import type { Change, Facts, WorkloadKind } from '../kind.ts'
import { engineStateOf } from '../store/row.repository.ts'
import { hasOpenRequest, type Workload } from '../workload.ts'
import { isChange } from './observe.ts'
import type { AttemptResult } from './outcome.ts'
import type { Write } from './writes.repository.ts'

/** The condition of a write: a lease, or the exact row that was read and that no worker holds. */
export type Basis = { readonly leaseId: string } | { readonly row: string }

/**
 * Turns a change into a write: the new state, its event and the records to wake. Pure. A forbidden transition is a bug
 * here, since observations are filtered before.
 */
export function transition<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  { change, attemptResult }: { change: Change<K>; attemptResult: AttemptResult | null },
  { facts, basis }: { facts: Facts<K>; basis: Basis },
): Write<K> {
  const changed: Workload<K> = { ...workload, ...change }
  if (!isAllowed(kind.transitions, workload.status, changed.status)) {
    throw new Error(`${kind.name} ${workload.id}: ${workload.status} → ${changed.status} is not a transition`)
  }
  const isLive = !isTerminal(kind.transitions, changed.status)
  const next =
    isLive && change.dueAt === undefined
      ? withNextStep(kind, changed, facts)
      : { ...changed, dueAt: isLive ? changed.dueAt : null }
  const hasMoved = next.status !== workload.status || next.reason !== workload.reason
  return {
    id: workload.id,
    kind: kind.name,
    connectionId: workload.connectionId,
    whereStatus: workload.status,
    ...whereOf(basis),
    state: engineStateOf(next),
    active: isLive,
    // A record shows an open request.
    isVisible: isChange(workload, visible(next)) || hasOpenRequest(workload) !== hasOpenRequest(next),
    event: hasMoved ? eventOf(next) : null,
    parkedOn: next.reason === 'environment_not_ready' ? (facts.environment?.status ?? null) : null,
    wakesDependants: kind.wakesDependants(workload.status, next.status),
    // A change found by a scan needs no further scan: the end of that scan schedules the next one.
    wakesSweep:
      isLive &&
      !('row' in basis) &&
      next.remoteId !== null &&
      (next.status !== workload.status || workload.remoteId === null || workload.rawState === null),
    attemptResult,
  }
}

/** Decides the next step right away: a wait is stored, anything else is due now. */
function withNextStep<K extends Kind>(kind: WorkloadKind<K>, workload: Workload<K>, facts: Facts<K>): Workload<K> {
  const { nextAttemptAt } = workload
  if (nextAttemptAt !== null && nextAttemptAt > facts.now) return { ...workload, dueAt: nextAttemptAt }
  const step = kind.nextStep(workload, facts)
  if (step.do !== 'wait') return { ...workload, dueAt: facts.now }
  return { ...workload, ...waiting(step, workload) }
}

/** The change of a wait: when it is due again and what clients see meanwhile. */
export function waiting<K extends Kind>(
  { until, reason, message }: { until: Date | null; reason?: Workload['reason']; message?: string },
  workload: Workload<K>,
): Change<K> {
  if (reason === undefined) return { dueAt: until }
  const isSame = reason === workload.reason
  return { dueAt: until, nextAttemptAt: until, reason, message: message ?? (isSame ? workload.message : null) }
}

export function eventOf(
  workload: Pick<Workload, 'kind' | 'status' | 'reason' | 'message' | 'rawState'>,
): NonNullable<Write['event']> {
  const { kind, status, reason, message, rawState } = workload
  const details = { reason, message, remoteState: rawState }
  const known = Object.fromEntries(Object.entries(details).filter(([, value]) => value !== null))
  return { id: makeId('event'), type: `${kind}.${status}`, data: { status, ...known } }
}

/** The engine's internal fields are not a change for clients. */
function visible<K extends Kind>(workload: Workload<K>): Change<K> {
  const {
    dueAt: _,
    failures: __,
    observedGeneration: ___,
    appliedSpecVersion: _______,
    missingSince: ____,
    lastActionAt: _____,
    exclusivityKey: ______,
    ...shown
  } = engineStateOf(workload)
  return shown as Change<K>
}

function whereOf(basis: Basis): Pick<Write, 'whereLease' | 'whereRow'> {
  if ('row' in basis) return { whereLease: null, whereRow: basis.row }
  return { whereLease: basis.leaseId, whereRow: null }
}
