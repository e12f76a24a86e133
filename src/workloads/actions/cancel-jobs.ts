import type { Driver } from '../../providers/driver.ts'
import type { Actor } from '../../vocabulary/actor.ts'
import type { WorkloadKind } from '../kind.ts'
import type { ChangeNotifier } from '../ports.ts'
import type { After, Filter } from '../store/list-filter.ts'
import type { Control, ReadsRepository } from '../store/reads.repository.ts'
import { isRequested } from '../workload.ts'
import type { CancelJobsRepository } from './cancel-jobs.repository.ts'
import { requiredStatusFor } from './required-status.ts'

/** Most jobs of one request. */
export const maxCancels = 1000

/** Where a request ended. Pages in the order of names also exclude the jobs that were created since the first one. */
export type CancelPosition = After & { createdBefore?: Date }

export interface CancelJobsRequest {
  projectId: string
  by: Actor
  filter: Filter
  /** End of the previous request; null = none. */
  after: CancelPosition | null
  limit: number
  /** Nothing is changed. */
  isDryRun: boolean
}

export interface CanceledJobs {
  /** Unfinished jobs that match. */
  matched: number
  requestedIds: readonly string[]
  unsupportedIds: readonly string[]
  /** Where the next request continues; null = no job is left. */
  next: CancelPosition | null
}

interface Deps {
  kind: WorkloadKind<'job'>
  reads: Pick<ReadsRepository, 'listControls' | 'now'>
  repository: CancelJobsRepository
  driverOf(connectionId: string, kind: 'job'): Promise<Driver<'job'> | undefined>
  hint(connectionId: string): void
  notifier: ChangeNotifier
}

export type CancelJobs = ReturnType<typeof makeCancelJobs>

/** Cancels the unfinished jobs that match a filter, newest first, with one read and one write per request. */
export function makeCancelJobs({ kind, reads, repository, driverOf, hint, notifier }: Deps) {
  /** In the order of names, jobs that are submitted later may follow the end of a page; newest first, they do not. */
  async function createdBefore(
    { namePrefix }: Filter,
    after: CancelPosition | null,
  ): Promise<{ createdBefore?: Date }> {
    if (namePrefix === undefined) return {}
    // Dates have milliseconds: the next one includes all jobs created so far.
    return { createdBefore: after?.createdBefore ?? new Date((await reads.now()).getTime() + 1) }
  }

  return async function cancelJobs({ projectId, by, filter, after, limit, isDryRun }: CancelJobsRequest) {
    if (filter.active === false) return none
    const created = await createdBefore(filter, after)
    const { found, next } = await reads.listControls({
      ...{ projectId, kind: 'job', filter: { ...filter, ...within(filter, created), active: true } },
      ...{ order: 'desc', after, limit },
    })
    const open = found.filter((job) => !isRequested(job, 'cancel', kind.inFlight.cancel))
    const onlyInOf = async ({ connectionId }: Control<'job'>) =>
      requiredStatusFor('cancel', await driverOf(connectionId, 'job'), kind)
    const rules = await Promise.all(open.map(async (job) => ({ job, onlyIn: await onlyInOf(job) })))
    const isPossible = ({ job, onlyIn }: (typeof rules)[number]) => onlyIn === null || job.status === onlyIn
    const jobs = rules.filter(isPossible).map(({ job, onlyIn }) => ({ id: job.id, onlyIn }))
    const changed =
      isDryRun || jobs.length === 0
        ? []
        : await repository.request({ projectId, by, jobs, inFlight: kind.inFlight.cancel })
    if (changed.length > 0) notifier.changed([projectId, ...changed.map(({ id }) => id)])
    for (const connectionId of new Set(changed.map((job) => job.connectionId))) hint(connectionId)
    return {
      matched: found.length,
      requestedIds: (isDryRun ? jobs : changed).map(({ id }) => id),
      unsupportedIds: rules.filter((rule) => !isPossible(rule)).map(({ job }) => job.id),
      next: next && { ...next, ...created },
    } satisfies CanceledJobs
  }
}

function within(filter: Filter, created: { createdBefore?: Date }): { createdBefore?: Date } {
  if (filter.createdBefore === undefined || created.createdBefore === undefined) return created
  return filter.createdBefore < created.createdBefore ? {} : created
}

const none: CanceledJobs = { matched: 0, requestedIds: [], unsupportedIds: [], next: null }
