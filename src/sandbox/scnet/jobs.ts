import type { Call, ProviderResponse } from '../provider.ts'
import type { Collection, World } from '../world.ts'
import { ok, ScnetError } from './envelope.ts'
import type { Job } from './job-view.ts'
import { cutShort, hasEnded, lifeOfJob } from './lifecycle.ts'
import { readJobRequest } from './rules.ts'
import { type Gate, jsonBody, type RegionCaller, requiredParam } from './service.ts'
import type { JobData, ScnetSettings } from './wire.ts'

export interface JobParts {
  world: World
  settings: ScnetSettings
  gate: Gate
  jobs: Collection<JobData>
  /** The next job id, a decimal number in a string. */
  nextJobId(): string
}

/** Submits a job to the scheduler; `data` is its id. */
export function submitJob({ world, settings, gate, jobs, nextJobId }: JobParts, call: Call): ProviderResponse {
  const caller = gate.regionCallerOf(call)
  const body = jsonBody(call)
  // Documented as a Long; clients send a string or a number.
  if (body.strJobManagerID === undefined || body.strJobManagerID === null) {
    throw new ScnetError('10003', 'strJobManagerID')
  }
  assertScheduler(caller, String(body.strJobManagerID), 'strJobManagerID')
  const request = readJobRequest(body, settings)
  if (!caller.region.queues.some(({ queueName }) => queueName === request.GAP_QUEUE)) {
    throw new ScnetError('815007', 'sbatch: error: invalid partition specified')
  }
  if (settings.submitWithoutId) return ok('', 'sbatch: error: Batch job submission failed: Requested node unavailable')
  const { id } = jobs.add({
    id: nextJobId(),
    name: request.GAP_JOB_NAME,
    owner: caller.owner,
    creation: call.json,
    data: { regionId: caller.region.id, request },
    timeline: lifeOfJob(request, world.now(), settings),
  })
  return ok(id, 'SUCCESS')
}

/** Rejects the scheduler id of another region. */
export function assertScheduler({ region }: RegionCaller, schedulerId: string, field: string): void {
  if (schedulerId !== String(region.schedulerId)) throw new ScnetError('10004', field)
}

/** Cancels jobs: a DELETE with a form in its body, `jobMethod=5&strJobInfoMap=<scheduler>,<user>:<jobId>:`. */
export function cancelJobs(parts: JobParts, call: Call): ProviderResponse {
  const caller = parts.gate.regionCallerOf(call)
  const form = readForm(call, parts.settings)
  // Other methods (hold, release, ...) are not emulated.
  if (requiredParam(form, 'jobMethod') !== '5') throw new ScnetError('10004', 'jobMethod')
  const chosen = requiredParam(form, 'strJobInfoMap')
    .split(';')
    .filter((entry) => entry !== '')
    .map((entry) => readEntry(entry, caller))
  if (chosen.length === 0) throw new ScnetError('10004', 'strJobInfoMap')
  const texts = chosen.map((jobId) => cancelOne(parts, caller, jobId))
  return ok({ [caller.region.schedulerId]: texts.join('; ') }, 'SUCCESS')
}

// Documented as a form in the body; some clients send it as a query.
function readForm({ rawBody, query, headers }: Call, { refuseCancelByQuery }: ScnetSettings): URLSearchParams {
  const isForm = headers['content-type']?.toLowerCase().startsWith('application/x-www-form-urlencoded') === true
  const form = new URLSearchParams(isForm ? rawBody.toString('utf8') : '')
  return form.size === 0 && !refuseCancelByQuery ? query : form
}

function readEntry(entry: string, caller: RegionCaller): string {
  const match = /^(\d+),([^:,]+):(\d+):$/.exec(entry)
  if (match === null) throw new ScnetError('10004', 'strJobInfoMap')
  const [, schedulerId = '', user, jobId = ''] = match
  assertScheduler(caller, schedulerId, 'strJobInfoMap')
  if (user !== caller.account.clusterUser) throw new ScnetError('10009', user)
  return jobId
}

// The result is a human-readable text; its wording is not documented.
function cancelOne({ world, settings, jobs }: JobParts, caller: RegionCaller, jobId: string): string {
  const job: Job | undefined = jobs.get(jobId)
  const now = world.now()
  if (job === undefined || job.owner !== caller.owner || hasEnded(job.timeline, now)) {
    const text = `scancel: error: Kill job error on job id ${jobId}: Invalid job id specified`
    if (settings.refuseCancelOfEnded) throw new ScnetError('10001', text)
    return text
  }
  const end = { state: 'statDE', outcome: 'CANCELLED', afterMs: settings.cancelMs }
  jobs.change(jobId, { timeline: cutShort(job.timeline, now, end) })
  return `success: job ${jobId}`
}
