import type { Kind, Verb } from '../../vocabulary/kinds.ts'
import type { Action, Facts, WorkloadKind } from '../kind.ts'
import type { Workload } from '../workload.ts'
import { pausedUntil } from './creation.ts'
import { after, lookAgainMs } from './poll-intervals.ts'

/** The decisions about an object that exists, for both kinds. */

/** Sends a verb, unless the connection is paused. Null where the driver has no such verb. */
export function control<K extends Kind>(
  workload: Workload<K>,
  facts: Facts<K>,
  verb: Verb<K>,
  { step = false } = {},
): Action<K> | null {
  if (!facts.verbs.includes(verb)) return null
  return pausedUntil(workload, facts) ?? (step ? { do: 'control', verb, step } : { do: 'control', verb })
}

/** While a verb is in flight: look often at first, and send it again when it shows no effect. */
export function followVerb<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  facts: Facts<K>,
): Action<K> | null {
  const verb = verbInFlight(kind, workload)
  const { lastActionAt } = workload
  if (verb === null || lastActionAt === null) return null
  const hasNoEffect = facts.shows !== workload.status
  // As a step: the verb was sent for an earlier wish, or on the way to one, so a wish that is open stays open.
  if (hasNoEffect && facts.now >= after(lastActionAt, facts.pollIntervals.resendMs))
    return control(workload, facts, verb, { step: true })
  const lookedAt =
    workload.observedAt !== null && workload.observedAt > lastActionAt ? workload.observedAt : lastActionAt
  const waitedMs = lookedAt.getTime() - lastActionAt.getTime()
  return lookAt(
    workload,
    facts,
    after(lookedAt, lookAgainMs(waitedMs, facts.pollIntervals.quickMs, facts.pollIntervals.slowMs)),
  )
}

/**
 * An object that a list does not show is read by itself, at once. One that was created and not yet seen is left to the
 * list, one call for all, and read by itself if no list has shown it for `unseenMs`. That a read did not find it is
 * confirmed by another one.
 */
export function lookIfUnsure<K extends Kind>(
  workload: Workload<K>,
  facts: Facts<K>,
  { unseenMs }: { unseenMs: number },
): Action<K> | null {
  const goneSince = goneSinceOf(workload)
  if (goneSince !== null) return lookAt(workload, facts, after(goneSince, facts.pollIntervals.confirmGoneMs))
  if (workload.missingSince !== null) return lookAt(workload, facts, facts.now)
  if (workload.rawState !== null) return null
  const { dispatchedAt } = workload
  return lookAt(workload, facts, dispatchedAt === null ? facts.now : after(dispatchedAt, unseenMs))
}

/** Since when looks say that it is gone. A list that does not show it sets `missingSince` alone. */
export function goneSinceOf({ missingSince, reason }: Pick<Workload, 'missingSince' | 'reason'>): Date | null {
  return reason === 'remote_not_found' ? missingSince : null
}

function lookAt<K extends Kind>(workload: Workload<K>, facts: Facts<K>, at: Date): Action<K> {
  if (facts.now < at) return { do: 'wait', until: at }
  return pausedUntil(workload, facts) ?? { do: 'get' }
}

function verbInFlight<K extends Kind>(kind: WorkloadKind<K>, workload: Workload<K>): Verb<K> | null {
  const verbs = Object.keys(kind.inFlight) as Verb<K>[]
  return verbs.find((verb) => kind.inFlight[verb] === workload.status) ?? null
}
