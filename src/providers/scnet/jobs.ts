import { jobTransitions } from '../../vocabulary/job.ts'
import type { Json } from '../../vocabulary/json.ts'
import { isTerminal } from '../../vocabulary/transitions.ts'
import type { Driver } from '../driver.ts'
import type { PlannedRequest } from '../intent.ts'
import { isObject, readId, readList, readText } from '../kit/fields.ts'
import { missingIn } from '../kit/listed.ts'
import { plainNumber } from '../kit/plain-id.ts'
import { boundedPayload, redact } from '../kit/redact.ts'
import { ranBetween, readTime } from '../kit/times.ts'
import type { Catalog, Found, Observation } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { ProviderClock } from '../session.ts'
import type { Traits } from '../traits.ts'
import { contentType, type ScnetCall, type ScnetClient } from './client.ts'
import { isAboutObject } from './errors.ts'
import { idOf, type JobRecord, makeHpcReads } from './hpc.ts'
import { type HpcPlace, hpcAccepts, hpcErrors, hpcJob } from './hpc-mapping.ts'
import { readLog } from './job-logs.ts'
import { hpcStates, outcomeOf } from './job-states.ts'
import { jobOptions } from './options.ts'
import type { ScnetSettings } from './settings.ts'
import { targetAt } from './urls.ts'
import type { SubmitJob } from './wire.ts'

/** The correlation tag is the whole job name, for which `[A-Za-z0-9_]`, at most 32, is safe. */
const tagLength = 12

function traitsOf({ hasHistory }: ScnetSettings): Traits<'job'> {
  return {
    // Neither is documented. In live samples the history lagged behind the end by less than a minute.
    listConsistencyLagMs: 60_000,
    maxProcessingMs: 120_000,
    // The live list keeps ended jobs for 5 minutes; the history keeps them permanently.
    ...(hasHistory ? {} : { retentionMs: 300_000 }),
    uniqueNames: false,
    reusesIds: true,
    enforces: ['timeLimit'],
  }
}

/** Batch jobs of the region's HPC service. */
export function makeJobs(
  client: ScnetClient,
  settings: ScnetSettings,
  { clock, literals }: { clock: ProviderClock; literals: readonly string[] },
): Driver<'job'> {
  const reads = makeHpcReads(client, settings, clock)
  const observe = (record: JobRecord) => jobOf(record, settings, literals)

  async function get(remoteId: string, signal: AbortSignal): Promise<Observation<'job'> | 'gone'> {
    const record = await reads.read(remoteId, signal)
    if (record === 'gone') return record
    const seen = observe(record)
    if (seen !== null) return seen
    throw new ProviderError('bad_response', `SCNet shows job ${remoteId} without a state.`)
  }

  return {
    accepts: hpcAccepts(settings),
    options: jobOptions,
    states: hpcStates,
    traits: traitsOf(settings),
    tagLength,
    // The HPC service does not support containers; a job can only wait for one.
    environment: 'optional',
    check: hpcErrors,

    plan: (intent) => planned(submitCall(hpcJob(intent, plannedPlace(settings), settings)), settings),

    async create(intent, signal) {
      const place = {
        schedulerId: await client.region.schedulerId(signal),
        homePath: await homeFor(intent.spec, signal),
      }
      const call = submitCall(hpcJob(intent, place, settings))
      const { data, providerMessage } = await client.create('hpc', call, { sendBy: intent.sendBy, signal })
      const remoteId = readId({ data }, 'data') ?? readId(data, 'jobId') ?? ''
      if (/^\d+$/.test(remoteId)) return { remoteId }
      // Observed: code "0" without an id, with the reason in `msg`. A conflict makes the engine search before it fails
      // the job.
      throw new ProviderError('conflict', `SCNet accepted the job but returned no job id. Message: ${providerMessage}`)
    },

    async find(intents, signal) {
      const since = new Date(Math.min(...intents.map(({ firstSentAt }) => firstSentAt.getTime())))
      const { records, isComplete } = await reads.scan(since, signal)
      return new Map(
        intents.map(({ correlationTag }) => [
          correlationTag,
          lookFor(correlationTag, { records, isComplete, observe }),
        ]),
      )
    },

    get,

    async list({ cursor }, signal) {
      const { records, next } = await reads.page(cursor, signal)
      return { seen: records.flatMap((record) => observe(record) ?? []), next }
    },

    controls: {
      async cancel(remoteId, signal) {
        try {
          await client.call('hpc', await cancelCall(client, remoteId, signal), signal)
        } catch (error) {
          // The response to canceling an ended job is not documented, so a rejected cancel reads the state.
          if (!isAboutObject(error)) throw error
          const seen = await get(remoteId, signal)
          if (seen !== 'gone' && !(seen.status !== null && isTerminal(jobTransitions, seen.status))) throw error
        }
      },
    },

    async logs(remoteId, cursor, signal) {
      const record = await reads.read(remoteId, signal)
      if (record === 'gone') throw new ProviderError('not_found', 'The SCNet job no longer exists.')
      return await readLog(client, record.job, { remoteId, cursor }, signal)
    },

    catalog: (signal) => queuesOf(client, signal),
  }

  function homeFor({ workingDirectory }: { workingDirectory?: string }, signal: AbortSignal): Promise<string> {
    return workingDirectory === undefined ? client.region.homePath(signal) : Promise.resolve(workingDirectory)
  }
}

/** Source: jobmanager/job */
function submitCall(body: SubmitJob): ScnetCall {
  return { method: 'POST', path: '/openapi/v2/apptemplates/BASIC/BASE/job', json: body }
}

/** Source: jobmanager/control-job. The method 5 is "delete". */
async function cancelCall(client: ScnetClient, jobId: string, signal: AbortSignal): Promise<ScnetCall> {
  const schedulerId = await client.region.schedulerId(signal)
  const user = await client.region.clusterUser(signal)
  const form = { jobMethod: '5', strJobInfoMap: `${schedulerId},${user}:${plainNumber(jobId)}:` }
  return { method: 'DELETE', path: '/openapi/v2/jobs', form }
}

/** A plan makes no call, so discovered values are placeholders. */
function plannedPlace({ schedulerId, defaultWorkingDirectory }: ScnetSettings): HpcPlace {
  return { schedulerId: schedulerId ?? '<discovered>', homePath: defaultWorkingDirectory ?? '<home>' }
}

function planned(call: ScnetCall, { hpcUrl }: ScnetSettings): PlannedRequest {
  const target = hpcUrl === undefined ? `/hpc${call.path}` : targetAt('hpc', hpcUrl, call.path).target
  return { method: call.method, target, headers: contentType(call), body: call.json ?? null }
}

/**
 * Fields of a job's detail that list items may lack: the documents state that lists return a part without naming it.
 * Source: jobmanager/query-job-detail, and clients that were used
 */
const detailFields = [
  ...['outputPath', 'errorPath', 'workDir', 'exitCode', 'initContentAttr', 'appType'],
  ...['aveRSS', 'aveVMSize', 'cpuTimeUsed', 'dcuNumReq', 'dcuNumUsed'],
]

function jobOf(
  { job, isEnded, isListed }: JobRecord,
  settings: ScnetSettings,
  literals: readonly string[],
): Observation<'job'> | null {
  const remoteId = idOf(job)
  const outcome = outcomeOf(job, isEnded)
  if (remoteId === undefined || outcome === null) return null
  const name = readText(job, 'jobName')
  const providerMessage = readText(job, 'reason')
  return {
    remoteId,
    ...outcome,
    ...timesOf(job, outcome.status, settings.timeOffset),
    ...(providerMessage === undefined || providerMessage === 'None'
      ? {}
      : { message: `Scheduler: ${providerMessage}` }),
    ...(name === undefined ? {} : { remoteName: name, correlationTag: tagOf(name) }),
    payload: () => boundedPayload(job, literals),
    ...(isListed ? { omits: missingIn(job, detailFields) } : {}),
  }
}

/** The start time of a waiting job is an estimate and is ignored. */
function timesOf(
  job: Json,
  status: Observation<'job'>['status'],
  offset: string,
): { startedAt?: Date; endedAt?: Date } {
  const isOver = status !== null && isTerminal(jobTransitions, status)
  const startedAt = isOver || status === 'running' ? readTime(job, 'jobStartTime', { offset }) : undefined
  const endedAt = isOver ? readTime(job, 'jobEndTime', { offset }) : undefined
  return ranBetween(startedAt, endedAt)
}

function tagOf(name: string): string | null {
  return /^[a-z][a-z0-9]{11}$/.test(name) ? name : null
}

/** An ended job may be both in the live list and in the history, and counts once. */
function lookFor(
  correlationTag: string,
  scan: {
    records: readonly JobRecord[]
    isComplete: boolean
    observe(record: JobRecord): Observation<'job'> | null
  },
): Found<'job'> {
  const ours = scan.records.filter(({ job }) => readText(job, 'jobName') === correlationTag)
  const shown = ours.flatMap((each) => scan.observe(each) ?? [])
  const found = [...new Map(shown.map((seen) => [seen.remoteId, seen])).values()]
  const isShown = scan.records.every(({ job }) => readText(job, 'jobName') !== undefined)
  if (found.length > 0) return { found, isComplete: scan.isComplete && isShown && shown.length === ours.length }
  if (ours.length > 0) return { inconclusive: 'SCNet lists a job of this name without its id or state.' }
  if (!scan.isComplete) return { inconclusive: "SCNet's live list and history could not be read to their ends." }
  return isShown ? { absent: true } : { inconclusive: "SCNet's lists do not show every job's name." }
}

/** The queues that the cluster user may submit to. */
async function queuesOf(client: ScnetClient, signal: AbortSignal): Promise<Catalog> {
  const user = await client.region.clusterUser(signal)
  const query = new URLSearchParams({ strJobManagerID: await client.region.schedulerId(signal) })
  const path = `/openapi/v2/queuenames/users/${encodeURIComponent(user)}?${query}`
  const data = await client.call('hpc', { method: 'GET', path }, signal)
  const queues = Array.isArray(data) ? data : readList(data, 'list')
  return { queues: queues.map((each) => redact(each)).filter(isObject) }
}
