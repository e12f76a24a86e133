import type { JsonObject } from '../../vocabulary/json.ts'
import type { Driver } from '../driver.ts'
import type { Intent } from '../intent.ts'
import { tagOfDescription } from '../kit/correlation-tags.ts'
import { isObject, readId, readList, readText } from '../kit/fields.ts'
import { importableAmong } from '../kit/importable.ts'
import { redact } from '../kit/redact.ts'
import type { Found } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { Traits } from '../traits.ts'
import { cancelJob } from './cancel.ts'
import { contentType, type SlurmCall, type SlurmClient, targetOf } from './client.ts'
import { noSuchJob } from './errors.ts'
import { isPartOfSeveral, jobIdOf } from './fields.ts'
import { slurmStates } from './job-states.ts'
import { jobAccepts, jobErrors } from './mapping.ts'
import { observe } from './observation.ts'
import { slurmOptions } from './options.ts'
import { newestVersion, type SlurmSettings, type SlurmVersion } from './settings.ts'
import { submitOf } from './submit.ts'

function traitsOf({ minJobAgeSeconds }: SlurmSettings): Traits<'job'> {
  return {
    // The controller serves reads from the memory that a submit is written to.
    listConsistencyLagMs: 0,
    // slurmrestd tries for 9 s to reach a controller that is down (measured), and may have queued the request before.
    maxProcessingMs: 60_000,
    retentionMs: minJobAgeSeconds * 1000,
    uniqueNames: false,
    // Ids restart at FirstJobId after MaxJobId, and if the controller's state is lost.
    reusesIds: true,
    // Slurm counts whole minutes and checks periodically, so Switchyard ends the job; Slurm's limit is the fallback.
    enforces: [],
  }
}

/** Batch jobs of the cluster user. */
export function makeJobs(
  client: SlurmClient,
  settings: SlurmSettings,
  { literals }: { literals: readonly string[] },
): Driver<'job'> {
  const bodyFor = (intent: Intent<'job'>, version: SlurmVersion) => submitOf(intent, settings, version)
  const submitCall = (intent: Intent<'job'>): SlurmCall => ({
    method: 'POST',
    path: '/job/submit',
    json: (version) => bodyFor(intent, version),
  })
  const isOwn = (job: JsonObject) =>
    (readText(job, 'user_name') ?? settings.user) === settings.user && !isPartOfSeveral(job)

  /** Every single job of this user. The response has no pages: it is complete or an error. */
  async function readAll(signal: AbortSignal): Promise<readonly JsonObject[]> {
    const body = await client.call({ method: 'GET', path: '/jobs' }, signal)
    if (!isObject(body) || !Array.isArray(body.jobs)) {
      throw new ProviderError('bad_response', 'Slurm returned a list of jobs without `jobs`.')
    }
    return readList(body, 'jobs').filter(isObject).filter(isOwn)
  }

  /** Null if Slurm has no such job. The leader of an array or of a heterogeneous job is returned with all its parts. */
  async function read(remoteId: string, signal: AbortSignal): Promise<JsonObject | null> {
    try {
      const body = await client.call({ method: 'GET', path: `/job/${jobIdOf(remoteId)}` }, signal)
      const jobs = readList(body, 'jobs').filter(isObject)
      return jobs.find((each) => readId(each, 'job_id') === remoteId) ?? {}
    } catch (error) {
      if (error instanceof ProviderError && error.providerCode === noSuchJob) return null
      throw error
    }
  }

  return {
    accepts: jobAccepts(settings, client.version.known() ?? newestVersion),
    options: slurmOptions,
    states: slurmStates,
    traits: traitsOf(settings),
    tagLength: 12,
    check: jobErrors,

    plan(intent) {
      const { method, path } = submitCall(intent)
      // Before a version is known, the newest one is assumed.
      const version = client.version.known() ?? newestVersion
      const body = bodyFor(intent, version)
      return { method, target: targetOf(path, settings, version), headers: contentType(body), body }
    },

    create: (intent, signal) => client.submit(submitCall(intent), { sendBy: intent.sendBy, signal }),

    async find(intents, signal) {
      const jobs = await readAll(signal)
      const isShown = jobs.every((job) => typeof job.comment === 'string')
      return new Map(
        intents.map(({ correlationTag }) => [correlationTag, lookFor(correlationTag, jobs, { isShown, literals })]),
      )
    },

    async get(remoteId, signal) {
      const job = await read(remoteId, signal)
      if (job === null || !isOwn(job)) return 'gone'
      const seen = observe(job, literals)
      if (seen !== null) return seen
      throw new ProviderError('bad_response', `Slurm responded for job ${remoteId} without its record.`)
    },

    async whyGone(remoteId, signal) {
      const job = await read(remoteId, signal)
      return job === null ? null : whyForeign(job, settings.user)
    },

    async list(_page, signal) {
      const jobs = await readAll(signal)
      return { seen: jobs.flatMap((job) => observe(job, literals) ?? []), next: null }
    },

    controls: {
      cancel: (remoteId, signal) => cancelJob(client, { remoteId, user: settings.user, literals }, signal),
    },

    async catalog(signal) {
      const body = await client.call({ method: 'GET', path: '/partitions' }, signal)
      const queues = readList(body, 'partitions')
      const jobs = (await readAll(signal)).flatMap((job) => observe(job, literals) ?? [])
      return { queues: queues.map((each) => redact(each, literals)).filter(isObject), jobs: importableAmong(jobs) }
    },
  }
}

/** Why a job is none of this driver's. */
function whyForeign(job: JsonObject, user: string): string {
  const id = readId(job, 'job_id')
  if (isPartOfSeveral(job))
    return `Job ${id} is part of a job array or of a heterogeneous job. Only single jobs are supported.`
  return `Job ${id} belongs to ${readText(job, 'user_name')}, and \`settings.user\` is ${user}.`
}

function lookFor(
  correlationTag: string,
  jobs: readonly JsonObject[],
  { isShown, literals }: { isShown: boolean; literals: readonly string[] },
): Found<'job'> {
  const ours = jobs.filter((job) => tagOfDescription(readText(job, 'comment')) === correlationTag)
  const found = ours.flatMap((job) => observe(job, literals) ?? [])
  if (found.length > 0) return { found, isComplete: isShown && found.length === ours.length }
  if (ours.length > 0)
    return { inconclusive: 'Slurm shows a job with the correlation tag, but without its id or state.' }
  return isShown ? { absent: true } : { inconclusive: "Slurm's list does not show every job's comment." }
}
