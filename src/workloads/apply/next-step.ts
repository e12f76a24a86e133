import type { Action, Kind } from '../../vocabulary/kinds.ts'
import type { Facts, Step, WorkloadKind } from '../kind.ts'
import type { Workload } from '../workload.ts'
import { pausedUntil } from './creation.ts'
import { after, pollDelayMs } from './poll-intervals.ts'

/** Decisions about an existing object, for both kinds. */

/** Sends an action unless the connection is paused. Null if the driver does not support it. */
export function control<K extends Kind>(
  workload: Workload<K>,
  facts: Facts<K>,
  action: Action<K>,
  { isIntermediate = false } = {},
): Step<K> | null {
  if (!facts.actions.includes(action)) return null
  return pausedUntil(workload, facts) ?? { do: 'control', action, ...(isIntermediate ? { isIntermediate } : {}) }
}

/** While an action is in progress: poll often at first, and resend the action if it shows no effect. */
export function followAction<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  facts: Facts<K>,
): Step<K> | null {
  const action = actionInFlight(kind, workload)
  const { lastActionAt } = workload
  if (action === null || lastActionAt === null) return null
  const hasNoEffect = facts.rawStatus !== workload.status
  // The action belongs to an earlier request or leads to the current one, so an open request stays open.
  if (hasNoEffect && facts.now >= after(lastActionAt, facts.pollIntervals.resendMs))
    return control(workload, facts, action, { isIntermediate: true })
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
): Step<K> | null {
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

function readAt<K extends Kind>(workload: Workload<K>, facts: Facts<K>, at: Date): Step<K> {
  if (facts.now < at) return { do: 'wait', until: at }
  return pausedUntil(workload, facts) ?? { do: 'get' }
}

function actionInFlight<K extends Kind>(kind: WorkloadKind<K>, workload: Workload<K>): Action<K> | null {
  const actions = Object.keys(kind.inFlight) as Action<K>[]
  return actions.find((action) => kind.inFlight[action] === workload.status) ?? null
}
