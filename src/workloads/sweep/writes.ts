import type { Kind } from '../../vocabulary/kinds.ts'
import { transition } from '../apply/transition.ts'
import { factsOf } from '../engine/facts.ts'
import type { Change, Facts } from '../kind.ts'
import type { Workload } from '../workload.ts'
import type { ScanDeps } from './deps.ts'
import type { AsRead } from './sweeps.repository.ts'

/** An observation of a workload in a scan. */
export interface ObservedWorkload<K extends Kind> extends AsRead<K> {
  change: Change<K>
}

/** Writes observations to workloads that are unchanged since they were read, and returns the written ones. */
export async function writeAll<K extends Kind>(
  deps: ScanDeps<K>,
  changes: readonly ObservedWorkload<K>[],
): Promise<Workload<K>[]> {
  const results = await Promise.allSettled(changes.map((item) => writeOne(deps, item)))
  return results.flatMap((result, index) => {
    if (result.status === 'fulfilled') return result.value ?? []
    deps.log.error({ err: result.reason, workloadId: changes[index]?.workload.id }, 'observation not saved')
    return []
  })
}

async function writeOne<K extends Kind>(
  deps: ScanDeps<K>,
  { workload, row, change }: ObservedWorkload<K>,
): Promise<Workload<K> | null> {
  const facts = factsFor(deps, { ...workload, ...change })
  const write = transition(deps.kind, workload, { change, attemptResult: null }, { facts, basis: { row } })
  const written = await deps.write(write)
  if (!written.isWritten) return null
  if (write.isVisible) deps.notifier.changed([workload.projectId, workload.id])
  if (write.event !== null)
    deps.log.info({ workloadId: workload.id, provider: workload.provider, ...write.event.data }, write.event.type)
  return { ...workload, ...write.state, version: workload.version + Number(write.isVisible) }
}

function factsFor<K extends Kind>({ claimed, driver, pollIntervals }: ScanDeps<K>, workload: Workload<K>): Facts<K> {
  const { connectionVersion, notBefore, pauseReason, startedAt } = claimed
  const none = {
    connectionFailures: 0,
    connectionHeld: false,
    hasLiveJobs: false,
    environmentStatus: null,
    environmentRemoteId: null,
    environmentDesired: null,
    firstSentAt: null,
    attemptsInDoubt: 0,
    attempt: null,
  }
  return factsOf(
    { id: workload.id, now: startedAt, connectionVersion, notBefore, pauseReason, ...none },
    workload,
    driver,
    pollIntervals,
  )
}
