import { isUniqueViolation } from '../../infra/database-errors.ts'
import type { Driver } from '../../providers/driver.ts'
import type { SendBy } from '../../providers/session.ts'
import type { Json } from '../../vocabulary/json.ts'
import type { Kind, Spec } from '../../vocabulary/kinds.ts'
import type { Outcome } from '../apply/outcome.ts'
import { after } from '../apply/poll-intervals.ts'
import { eventOf } from '../apply/transition.ts'
import type { Change, Facts } from '../kind.ts'
import type { Workload } from '../workload.ts'
import { asAttempt, type NewAttempt, type Opened } from './attempts.repository.ts'
import {
  callSignal,
  type Executed,
  type ExecutionContext,
  type ExecutionDeps,
  later,
  orFailure,
  type PreparedContext,
} from './execution-context.ts'

/** Creates once: opens the secrets, reads the snapshot for `find`, commits an attempt, sends before the deadline. */
export async function createOnce<K extends Kind>(
  deps: ExecutionDeps,
  context: PreparedContext<K>,
  startedMs: number,
): Promise<Executed<K> | null> {
  const { claimed, facts, driver } = context
  const { workload } = claimed
  const environmentRemoteId = facts.environment?.remoteId ?? null
  const prepared = await prepare(deps, context, environmentRemoteId)
  if ('did' in prepared) return { workload, facts: later(deps, facts, startedMs), outcome: prepared }
  const { before, spec } = prepared
  const sendBy = deadline(deps)
  const opened = await open(deps, context, before)
  if (opened === null) return null
  if (opened === 'busy')
    return { workload, facts: later(deps, facts, startedMs), outcome: { did: 'settle', change: busy(facts) } }
  const firstSentAt = facts.firstSentAt ?? opened.startedAt
  const intent = { correlationTag: workload.correlationTag, spec, environmentRemoteId, before, sendBy, firstSentAt }
  const outcome: Outcome<K> = await orFailure('create', async () => ({
    did: 'create' as const,
    created: await driver.create(intent, callSignal(deps)),
  }))
  return {
    workload: asOpened(context),
    facts: { ...later(deps, facts, startedMs), attempt: asAttempt(opened, before), firstSentAt },
    outcome,
  }
}

/** The workload as the commit of the attempt left it; the next write sets its whole state. */
function asOpened<K extends Kind>({ kind, claimed: { workload }, driver }: ExecutionContext<K>): Workload<K> {
  const cleared = { reason: null, message: null, nextAttemptAt: null }
  return { ...workload, ...cleared, status: kind.dispatchingStatus, exclusivityKey: exclusiveKeyOf(workload, driver) }
}

/** Key that no other workload may hold during the create. */
function exclusiveKeyOf<K extends Kind>({ environmentId }: Workload<K>, { traits }: Driver<K>): string | null {
  return traits.exclusiveEnvironment === true ? environmentId : null
}

async function prepare<K extends Kind>(
  deps: ExecutionDeps,
  { claimed, driver, secrets }: PreparedContext<K>,
  environmentRemoteId: string | null,
) {
  return orFailure(
    'read',
    async (): Promise<{ before: Json; spec: Spec<K> }> => ({
      spec: secrets.fill(claimed.workload.spec),
      before: (await driver.prepare?.(claimed.workload.spec, environmentRemoteId, callSignal(deps))) ?? null,
    }),
  )
}

/** Both clocks are read before the commit, so this deadline is never later than the recorded one. */
function deadline({ clock, timing }: ExecutionDeps): SendBy {
  return { at: after(clock.now(), timing.sendWithinMs), monotonicMs: clock.monotonicMs() + timing.sendWithinMs }
}

async function open<K extends Kind>(
  deps: ExecutionDeps,
  { kind, claimed, driver, connection }: ExecutionContext<K>,
  before: Json,
): Promise<Opened | null | 'busy'> {
  const { workload, leaseId } = claimed
  const { listConsistencyLagMs, maxProcessingMs } = driver.traits
  const opening: NewAttempt = {
    workloadId: workload.id,
    projectId: workload.projectId,
    leaseId,
    version: workload.version,
    from: kind.waiting,
    to: kind.dispatchingStatus,
    correlationTag: workload.correlationTag,
    scope: connection.scope,
    before,
    exclusivityKey: exclusiveKeyOf(workload, driver),
    sendWithinMs: deps.timing.sendWithinMs,
    settleMs: deps.timing.callTimeoutMs + maxProcessingMs + listConsistencyLagMs,
    event: eventOf({ ...workload, status: kind.dispatchingStatus, reason: null, message: null }),
  }
  try {
    return await deps.openAttempt(opening)
  } catch (error) {
    if (isUniqueViolation(error, 'workloads_exclusive')) return 'busy'
    throw error
  }
}

function busy<K extends Kind>(facts: Facts<K>): Change<K> {
  const at = after(facts.now, facts.pollIntervals.slowMs)
  return {
    reason: 'environment_busy',
    message: 'The environment runs one job at a time.',
    nextAttemptAt: at,
    dueAt: at,
  }
}
