import type { Call, ProviderResponse } from '../provider.ts'
import { momentAt } from '../timeline.ts'
import { ok, ScnetError, unknownId } from './envelope.ts'
import { acctTimeOf, historyView, type Job, jobView, timesOf } from './job-view.ts'
import { assertScheduler, type JobParts } from './jobs.ts'
import { isSeenBy, type RegionCaller, requiredParam, wholeNumber } from './service.ts'
import { parseBeijingTime } from './wire.ts'

/** An active or recently ended job; older ones are only in the history. */
export function detailJob(parts: JobParts, call: Call): ProviderResponse {
  const caller = parts.gate.regionCallerOf(call)
  const id = call.params.jobId ?? ''
  const job = parts.jobs.get(id)
  const schedulerId = call.query.get('strJobManagerID')
  if (schedulerId !== null) assertScheduler(caller, schedulerId, 'strJobManagerID')
  if (job === undefined || !isLiveFor(caller, job, parts)) return unknownId(parts.settings, id)
  return ok(jobView(job, caller.region, snapshotOf(parts)), 'SUCCESS')
}

/** The live list: waiting, running and recently ended jobs. */
export function listJobs(parts: JobParts, call: Call): ProviderResponse {
  const caller = parts.gate.regionCallerOf(call)
  const { query, listing } = call
  assertScheduler(caller, requiredParam(query, 'strClusterIDList'), 'strClusterIDList')
  const [id, state] = [query.get('strJobId') ?? '', query.get('strJobStat') ?? '']
  const now = parts.world.now()
  const found = parts.jobs
    .listed(listing)
    .filter((job) => isLiveFor(caller, job, parts))
    .filter((job) => (id === '' || job.id === id) && (state === '' || momentAt(job.timeline, now).state === state))
    .filter((job) => isNamed(job, query, { name: 'strJobName', queue: 'strQueueName' }))
    .toReversed()
  const list = pageOf(found, query).map((job) => jobView(job, caller.region, snapshotOf(parts)))
  return ok({ total: found.length, list }, 'SUCCESS')
}

/** The history: jobs that ended, or were queued, between two times. */
export function listHistory(parts: JobParts, call: Call): ProviderResponse {
  const caller = parts.gate.regionCallerOf(call)
  const { query, listing } = call
  assertScheduler(caller, requiredParam(query, 'strClusterNameList'), 'strClusterNameList')
  if (requiredParam(query, 'timeType') !== 'CUSTOM') throw new ScnetError('10004', 'timeType')
  const [from, to] = [timeParam(query, 'startTime'), timeParam(query, 'endTime')]
  const isByQueueTime = query.get('isQueryByQueueTime') === 'true'
  const found = parts.jobs
    .listed(listing)
    .filter((job) => isPastFor(caller, job, parts))
    .filter((job) => {
      const at = isByQueueTime ? job.createdAt : (timesOf(job, parts.world.now()).finishedAt ?? 0)
      // Bounds are whole seconds, so the upper one includes its fraction.
      return at >= from && at < to + 1000
    })
    .filter((job) => isHistorical(job, parts.world.now(), query))
  // Newest first by default.
  if (query.get('sort')?.toUpperCase() !== 'ASC') found.reverse()
  const list = pageOf(found, query).map((job) => historyView(job, caller.region, snapshotOf(parts)))
  return ok({ total: found.length, list }, 'SUCCESS')
}

function isHistorical(job: Job, now: number, query: URLSearchParams): boolean {
  const [id, state] = [query.get('jobId') ?? '', query.get('jobState') ?? '']
  const isWanted = (id === '' || job.id === id) && (state === '' || momentAt(job.timeline, now).state === state)
  return isWanted && isNamed(job, query, { name: 'jobName', queue: 'queue' })
}

function isNamed(job: Job, query: URLSearchParams, by: { name: string; queue: string }): boolean {
  const [name, queue] = [query.get(by.name) ?? '', query.get(by.queue) ?? '']
  return job.name.includes(name) && (queue === '' || job.data.request.GAP_QUEUE === queue)
}

/** One ended job of any age. `acctTime`, which speeds up the search, must match the job. */
export function detailHistory(parts: JobParts, call: Call): ProviderResponse {
  const caller = parts.gate.regionCallerOf(call)
  const { jobId = '', schedulerId = '' } = call.params
  const acctTime = call.query.get('acctTime')
  assertScheduler(caller, schedulerId, 'schedulerId')
  const job = parts.jobs.get(jobId)
  if (job === undefined || !isPastFor(caller, job, parts)) return unknownId(parts.settings, jobId)
  if (acctTime !== null && acctTime !== String(acctTimeOf(job, parts.world.now())))
    return unknownId(parts.settings, jobId)
  return ok(historyView(job, caller.region, snapshotOf(parts)), 'SUCCESS')
}

function snapshotOf({ world, settings }: JobParts) {
  return { now: world.now(), settings }
}

function isLiveFor(caller: RegionCaller, job: Job, { world, settings }: JobParts): boolean {
  const now = world.now()
  const { finishedAt } = timesOf(job, now)
  const isLive = finishedAt === null || now < finishedAt + settings.liveWindowMs
  return isLive && isSeenBy(caller, job, world)
}

function isPastFor(caller: RegionCaller, job: Job, { world, settings }: JobParts): boolean {
  const now = world.now()
  const { finishedAt } = timesOf(job, now)
  return finishedAt !== null && finishedAt + settings.historyLagMs <= now && isSeenBy(caller, job, world)
}

function pageOf<T>(items: readonly T[], query: URLSearchParams): readonly T[] {
  const start = wholeNumber(query.get('start'), 'start', 0)
  return items.slice(start, start + wholeNumber(query.get('limit'), 'limit', 25))
}

function timeParam(query: URLSearchParams, name: string): number {
  const at = parseBeijingTime(requiredParam(query, name))
  if (at === null) throw new ScnetError('10004', name)
  return at
}
