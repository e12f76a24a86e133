import type { Kind } from '../../vocabulary/kinds.ts'
import type { Change, Facts, WorkloadKind } from '../kind.ts'
import type { Workload } from '../workload.ts'
import { goneSinceOf } from './next-action.ts'
import { after } from './poll-intervals.ts'

/** Not shown by the provider: believed after two spaced looks. While it is being deleted one is enough, mostly. */
export function notThere<K extends Kind>(kind: WorkloadKind<K>, workload: Workload<K>, facts: Facts<K>): Change<K> {
  const meaning = kind.whenGone(workload)
  const isExpected = meaning.reason === null
  const missingSince = (isExpected ? workload.missingSince : goneSinceOf(workload)) ?? facts.now
  const confirmedAt = isExpected
    ? staysGoneFrom(kind, workload, facts, laterOf(missingSince, workload.lastActionAt))
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
 * Where a start makes anew what is gone, one that was given up on may still be carried out: until then gone is not for
 * good. Each start is a wish of its own, so there was none before a first wish.
 */
function staysGoneFrom<K extends Kind>(
  kind: WorkloadKind<K>,
  { generation }: Workload<K>,
  { traits, verbs }: Facts<K>,
  goneSince: Date,
): Date {
  const mayBeStarted = generation > 1 && kind.restartedBy.some((verb) => verbs.includes(verb))
  const isMadeAnew = traits.reusesIds === true && mayBeStarted
  return after(goneSince, isMadeAnew ? traits.maxProcessingMs + traits.listLagMs : 0)
}

function laterOf(a: Date, b: Date | null): Date {
  return b === null || a > b ? a : b
}
