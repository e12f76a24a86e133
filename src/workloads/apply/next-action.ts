import type { Kind, Verb } from '../../vocabulary/kinds.ts'
import type { Action, Facts, WorkloadKind } from '../kind.ts'
import type { Workload } from '../workload.ts'
import { pausedUntil } from './creation.ts'
import { after, pollDelayMs } from './poll-intervals.ts'

/** Decisions about an existing object, for both kinds. */

/** Sends an action unless the connection is paused. Null if the driver does not support it. */
export function control<K extends Kind>(
  workload: Workload<K>,
  facts: Facts<K>,
  verb: Verb<K>,
  { step = false } = {},
): Action<K> | null {
  if (!facts.verbs.includes(verb)) return null
  return pausedUntil(workload, facts) ?? (step ? { do: 'control', verb, step } : { do: 'control', verb })
}

/** While an action is in progress: poll often at first, and resend the action if it shows no effect. */
export function followAction<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  facts: Facts<K>,
): Action<K> | null {
  const verb = actionInFlight(kind, workload)
  const { lastActionAt } = workload
  if (verb === null || lastActionAt === null) return null
  const hasNoEffect = facts.rawStatus !== workload.status
  // As a step: the action belongs to an earlier request or leads to the current one, so an open request stays open.
  if (hasNoEffect && facts.now >= after(lastActionAt, facts.pollIntervals.resendMs))
    return control(workload, facts, verb, { step: true })
  const readAtLast =
    workload.observedAt !== null && workload.observedAt > lastActionAt ? workload.observedAt : lastActionAt
  const waitedMs = readAtLast.getTime() - lastActionAt.getTime()
  return readAt(
    workload,
    facts,
    after(readAtLast, pollDelayMs(waitedMs, facts.pollIntervals.quickMs, facts.pollIntervals.slowMs)),
  )
}

/**
 * Reads an object that is missing from a list immediately. An object that was created and not yet seen is left to the
 * list, and read separately if no list shows it for `unseenMs`. A "not found" is confirmed by a second read.
 */
export function readIfUnsure<K extends Kind>(
  workload: Workload<K>,
  facts: Facts<K>,
  { unseenMs }: { unseenMs: number },
): Action<K> | null {
  const goneSince = goneSinceOf(workload)
  if (goneSince !== null) return readAt(workload, facts, after(goneSince, facts.pollIntervals.confirmGoneMs))
  if (workload.missingSince !== null) return readAt(workload, facts, facts.now)
  if (workload.rawState !== null) return null
  const { dispatchedAt } = workload
  return readAt(workload, facts, dispatchedAt === null ? facts.now : after(dispatchedAt, unseenMs))
}

/** When reads first reported it missing. A list that does not show it sets `missingSince` alone. */
export function goneSinceOf({ missingSince, reason }: Pick<Workload, 'missingSince' | 'reason'>): Date | null {
  return reason === 'remote_not_found' ? missingSince : null
}

function readAt<K extends Kind>(workload: Workload<K>, facts: Facts<K>, at: Date): Action<K> {
  if (facts.now < at) return { do: 'wait', until: at }
  return pausedUntil(workload, facts) ?? { do: 'get' }
}

function actionInFlight<K extends Kind>(kind: WorkloadKind<K>, workload: Workload<K>): Verb<K> | null {
  const verbs = Object.keys(kind.inFlight) as Verb<K>[]
  return verbs.find((verb) => kind.inFlight[verb] === workload.status) ?? null
}
