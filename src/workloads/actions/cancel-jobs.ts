import type { Driver } from '../../providers/driver.ts'
import type { Actor } from '../../vocabulary/actor.ts'
import type { Status } from '../../vocabulary/kinds.ts'
import type { WorkloadKind } from '../kind.ts'
import type { ChangeNotifier } from '../ports.ts'
import type { After, Filter } from '../store/list-filter.ts'
import type { Control, ReadsRepository } from '../store/reads.repository.ts'
import { isRequested } from '../workload.ts'
import type { CancelJobsRepository } from './cancel-jobs.repository.ts'
import { requiredStatusFor } from './required-status.ts'

/** Most jobs of one request. */
export const maxCancels = 1000

/**
 * Where a request ended. Jobs that were created after the first request are excluded by their time, since their ids and
 * names may follow the position: an id contains the clock of the process that made it. Cursors of version 0.2.0 may have
 * no time.
 */
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
export function makeCancelJobs(deps: Deps) {
  const { kind, repository, hint, notifier } = deps

  return async function cancelJobs(request: CancelJobsRequest): Promise<CanceledJobs> {
    const { projectId, by, filter, isDryRun } = request
    if (filter.active === false) return none
    const { found, next } = await matching(deps, request)
    const rules = await Promise.all(found.filter(isOpenIn(kind)).map((job) => ruleOf(deps, job)))
    const isPossible = ({ status, onlyIn }: Rule) => onlyIn === null || status === onlyIn
    const [jobs, unsupported] = [rules.filter(isPossible), idsOf(rules.filter((rule) => !isPossible(rule)))]
    if (isDryRun) return { matched: found.length, requestedIds: idsOf(jobs), unsupportedIds: unsupported, next }
    const changed =
      jobs.length === 0 ? [] : await repository.request({ projectId, by, jobs, inFlight: kind.inFlight.cancel })
    if (changed.length > 0) notifier.changed([projectId, ...idsOf(changed)])
    for (const connectionId of new Set(changed.map((job) => job.connectionId))) hint(connectionId)
    const requestedIds = idsOf(changed)
    const dispatched = await dispatchedMeanwhile(deps, projectId, unchangedOf(jobs, requestedIds))
    return { matched: found.length, requestedIds, unsupportedIds: [...unsupported, ...dispatched], next }
  }
}

function idsOf(jobs: readonly { id: string }[]): string[] {
  return jobs.map(({ id }) => id)
}

/** The jobs of this request, and where the next one continues. */
async function matching(
  { reads }: Deps,
  { projectId, filter, after, limit }: CancelJobsRequest,
): Promise<{ found: readonly Control<'job'>[]; next: CancelPosition | null }> {
  const page = await reads.listControls({
    ...{ projectId, kind: 'job', filter: { ...filter, active: true } },
    ...{ order: 'desc', after, limit },
  })
  const createdBefore = after?.createdBefore ?? (page.next === null ? null : await justAfterNow(reads))
  if (createdBefore === null) return { found: page.found, next: null }
  return {
    found: page.found.filter(({ createdAt }) => createdAt < createdBefore),
    next: page.next && { ...page.next, createdBefore },
  }
}

/** Database times have microseconds, dates milliseconds: the next one is after all jobs created so far. */
async function justAfterNow(reads: Deps['reads']): Promise<Date> {
  return new Date((await reads.now()).getTime() + 1)
}

/** Whether a job is not being canceled already. */
function isOpenIn({ inFlight }: WorkloadKind<'job'>): (job: Control<'job'>) => boolean {
  return (job) => !isRequested(job, 'cancel', inFlight.cancel)
}

/** `onlyIn`: the status outside of which the job cannot be canceled; null = any. */
type Rule = Pick<Control<'job'>, 'id' | 'status'> & { onlyIn: Status<'job'> | null }

async function ruleOf({ kind, driverOf }: Deps, { id, status, connectionId }: Control<'job'>): Promise<Rule> {
  return { id, status, onlyIn: requiredStatusFor('cancel', await driverOf(connectionId, 'job'), kind) }
}

/** Jobs that could be canceled only before dispatch, and were not changed. */
function unchangedOf(jobs: readonly Rule[], requestedIds: readonly string[]): string[] {
  const requested = new Set(requestedIds)
  return idsOf(jobs.filter(({ id, onlyIn }) => onlyIn !== null && !requested.has(id)))
}

/** Of these jobs, the ones that were dispatched between the read and the write: neither finished nor being canceled. */
async function dispatchedMeanwhile(
  { kind, reads }: Deps,
  projectId: string,
  ids: readonly string[],
): Promise<readonly string[]> {
  if (ids.length === 0) return []
  const { found } = await reads.listControls({
    ...{ projectId, kind: 'job', filter: { ids, active: true }, order: 'desc', limit: ids.length, after: null },
  })
  return idsOf(found.filter(isOpenIn(kind)))
}

const none: CanceledJobs = { matched: 0, requestedIds: [], unsupportedIds: [], next: null }
