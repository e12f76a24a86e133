import type { Kind } from '../../vocabulary/kinds.ts'
import type { Change, Facts, WorkloadKind } from '../kind.ts'
import type { Workload } from '../workload.ts'
import { goneSinceOf } from './next-step.ts'
import { after } from './poll-intervals.ts'

/** Applies a "not found". Requires two reads some time apart; during a delete, one is usually enough. */
export function afterNotFound<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  facts: Facts<K>,
): Change<K> {
  const meaning = kind.whenGone(workload)
  const isExpected = meaning.reason === null
  const missingSince = (isExpected ? workload.missingSince : goneSinceOf(workload)) ?? facts.now
  const confirmedAt = isExpected
    ? conclusiveFrom(kind, workload, facts, laterOf(missingSince, workload.lastActionAt))
    : after(missingSince, facts.pollIntervals.confirmGoneMs)
  if (facts.now < confirmedAt)
    return { ...(isExpected ? {} : { reason: 'remote_not_found' }), missingSince, dueAt: confirmedAt }
  return {
    ...meaning,
    message: null,
    rawState: null,
    missingSince: null,
    exclusivityKey: null,
    nextAttemptAt: null,
    endedAt: workload.endedAt ?? facts.now,
  }
}

/**
 * Where a start recreates a missing object, a start that timed out may still be executed. Until then, absence is not
 * conclusive. Each start is a separate request, so there is none before the first.
 */
function conclusiveFrom<K extends Kind>(
  kind: WorkloadKind<K>,
  { generation }: Workload<K>,
  { traits, actions }: Facts<K>,
  goneSince: Date,
): Date {
  const mayBeStarted = generation > 1 && kind.restartedBy.some((action) => actions.includes(action))
  const canBeRecreated = traits.reusesIds === true && mayBeStarted
  return after(goneSince, canBeRecreated ? traits.maxProcessingMs + traits.listConsistencyLagMs : 0)
}

function laterOf(a: Date, b: Date | null): Date {
  return b === null || a > b ? a : b
}
