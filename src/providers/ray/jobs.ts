import type { Json } from '../../vocabulary/json.ts'
import type { Driver } from '../driver.ts'
import { isObject, readFlag, readList, readObject, readText } from '../kit/fields.ts'
import { importableAmong } from '../kit/importable.ts'
import { redact } from '../kit/redact.ts'
import type { Observation } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { Traits } from '../traits.ts'
import { headersOf, type RayClient } from './client.ts'
import { hasProviderCode, knownErrors } from './errors.ts'
import { findJobs } from './find-jobs.ts'
import { readLogs } from './logs.ts'
import { jobAccepts, jobErrors, submissionIdOf, submitOf, tagLength } from './mapping.ts'
import { isOver, jobStates, observe, submissionIdIn } from './observation.ts'
import { rayOptions } from './options.ts'
import type { RaySettings } from './settings.ts'
import { jobPath, jobsPath } from './wire.ts'

const traits: Traits<'job'> = {
  // The record is written before the response, to the store that reads use.
  listConsistencyLagMs: 0,
  // The head waits up to 10 s for the agent that runs submits, and that up to 30 s for the store; both may follow a
  // start of a worker, which took 4 s on an idle machine.
  maxProcessingMs: 120_000,
  uniqueNames: true,
  // Other clients choose their ids, and use one again after a restart of the head or a delete.
  reusesIds: true,
  enforces: [],
}

/** Jobs that were submitted. `literals` are secrets to remove from payloads. */
export function makeJobs(
  client: RayClient,
  settings: RaySettings,
  { literals }: { literals: readonly string[] },
): Driver<'job'> {
  async function get(remoteId: string, signal: AbortSignal): Promise<Observation<'job'> | 'gone'> {
    try {
      const job = await client.call({ method: 'GET', path: jobPath(idIn(remoteId)) }, signal)
      const seen = observe(job, literals)
      if (seen?.remoteId === remoteId) return seen
      throw notSubmitted(job, remoteId)
    } catch (error) {
      if (hasProviderCode(error, knownErrors.noSuchJob)) return 'gone'
      throw error
    }
  }

  async function readAll(signal: AbortSignal): Promise<readonly Observation<'job'>[]> {
    const jobs = await client.call({ method: 'GET', path: jobsPath }, signal)
    if (!Array.isArray(jobs)) throw new ProviderError('bad_response', 'Ray returned a list of jobs that is not one.')
    return jobs.flatMap((job: Json) => observe(job, literals) ?? [])
  }

  return {
    accepts: jobAccepts,
    options: rayOptions,
    states: jobStates,
    traits,
    tagLength,
    check: (spec) => jobErrors(spec, settings),
    /** Absence is conclusive only within the session of the create. */
    prepare: async (_spec, _environment, signal) => ({ sessionName: await client.sessionName(signal) }),

    plan(intent) {
      const body = submitOf(intent, settings)
      return { method: 'POST', target: client.target(jobsPath), headers: headersOf(true), body }
    },

    async create(intent, signal) {
      await client.submit(submitOf(intent, settings), { sendBy: intent.sendBy, signal })
      return { remoteId: submissionIdOf(intent.correlationTag) }
    },

    find: (intents, signal) => findJobs(intents, { get, sessionName: client.sessionName }, signal),
    get,

    list: async (_page, signal) => ({ seen: await readAll(signal), next: null }),

    controls: { cancel: async (remoteId, signal) => stop(client, { get, remoteId: idIn(remoteId) }, signal) },
    logs: async (remoteId, cursor, signal) => readLogs(client, { remoteId: idIn(remoteId), cursor, literals }, signal),

    async catalog(signal) {
      const body = await client.call({ method: 'GET', path: '/api/v0/nodes?limit=1000' }, signal)
      const nodes = readList(readObject(readObject(body, 'data'), 'result'), 'result')
      const jobs = importableAmong(await readAll(signal))
      return { nodes: nodes.map((node) => redact(node, literals)).filter(isObject), jobs }
    },
  }
}

/**
 * Ray accepts every stop of a job that has a process. A job that has not started ends once it starts, and the engine
 * repeats the stop until then. Without a process (`stopped: false`) the job has ended, or will never end.
 */
async function stop(
  client: RayClient,
  { get, remoteId }: { get: Driver<'job'>['get']; remoteId: string },
  signal: AbortSignal,
): Promise<void> {
  const response = await client
    .call({ method: 'POST', path: `${jobPath(remoteId)}/stop` }, signal)
    .catch((error: unknown) =>
      hasProviderCode(error, knownErrors.noSuchJob) ? { stopped: true } : Promise.reject(error),
    )
  const stopped = readFlag(response, 'stopped')
  if (stopped === undefined) throw new ProviderError('bad_response', 'Ray did not report whether it stops the job.')
  if (stopped) return
  const seen = await get(remoteId, signal)
  if (seen === 'gone' || isOver(seen.status)) return
  const detail = `Ray has no process for job ${remoteId}, which it shows as ${seen.rawState}: its start failed, or has only begun. The cancel is repeated. If this lasts, only a restart of the cluster removes the job.`
  throw new ProviderError('conflict', detail)
}

/** Other clients choose their own ids. A job is addressed only by its submission id. */
function idIn(remoteId: string): string {
  if (/^(?!\.+$)[A-Za-z0-9_.-]{1,256}$/.test(remoteId)) return remoteId
  const message = `"${remoteId.slice(0, 80)}" is not a valid id: up to 256 letters, digits, dots, hyphens and underscores. Nothing was sent.`
  throw new ProviderError('invalid_request', message, { notSent: true })
}

/** Ray also finds jobs by the id of their driver, which would show one job under two ids. */
function notSubmitted(job: Json, remoteId: string): ProviderError {
  const own = submissionIdIn(job)
  if (own !== undefined) {
    const detail = `${remoteId} is the id of a driver. Use the submission id of the job, ${own}.`
    return new ProviderError('invalid_request', detail)
  }
  if (readText(job, 'type') !== 'DRIVER')
    return new ProviderError('bad_response', 'Ray returned a job without its id or state.')
  const detail = `${remoteId} is a program that connected to Ray directly. Only submitted jobs are supported.`
  return new ProviderError('invalid_request', detail)
}
