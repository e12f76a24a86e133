import type { Call, Operation, ProviderResponse } from '../provider.ts'
import { momentAt } from '../timeline.ts'
import type { Collection, WorldObject } from '../world.ts'
import { logLines } from './job-logs.ts'
import { jobLife, jobTimes, terminated } from './lifecycle.ts'
import { Rejection } from './rejections.ts'
import {
  countIn,
  type Definition,
  defineOperations,
  makeProjectObjects,
  ok,
  type ProjectObjects,
  type ServiceParts,
} from './service.ts'
import { oldJobCreation } from './training-fields.ts'
import type { ModelartsAccount, OldJobData, OldJobRequest } from './wire.ts'

const base = '/v1/:projectId/training-jobs'
const version = `${base}/:jobId/versions/:versionId`
const maxLines = 500

/**
 * The numbers of JOBSTAT_* (`common_parameters/job_statuses`). A v1 job has the lifecycle of a v2 job with these
 * statuses.
 */
const statuses: Readonly<Record<string, number>> = {
  Creating: 1,
  Pending: 7,
  Running: 8,
  Terminating: 9,
  Completed: 10,
  Failed: 11,
  Terminated: 12,
  Abnormal: 5,
}

interface OldJobParts extends ServiceParts {
  jobs: Collection<OldJobData>
  objects: ProjectObjects<OldJobData>
}

/**
 * Training jobs v1 (historical). Every response contains `is_success`; ids are numbers, which create returns as
 * strings.
 */
export function oldJobOperations(service: ServiceParts): Operation[] {
  const { world } = service
  const jobs = world.collection<OldJobData>('modelarts', 'training-v1')
  const objects = makeProjectObjects(
    jobs,
    world.now,
    () => new Rejection(400, '0105', 'The training job does not exist.'),
  )
  const parts = { ...service, jobs, objects }
  const get = (name: string, path: string, read: Read): Definition => ({
    name: `oldjobs.${name}`,
    method: 'GET',
    path,
    execute: (caller, call) => read(parts, caller, call),
  })
  return defineOperations(service, [
    {
      name: 'oldjobs.create',
      method: 'POST',
      path: base,
      fields: oldJobCreation,
      execute: (caller, _call, body: OldJobRequest) => create(parts, caller, body),
    },
    { ...get('list', base, list), isList: true },
    get('get', version, details),
    get('logNames', `${version}/log/file-names`, logNames),
    get('log', `${version}/aom-log`, log),
    {
      name: 'oldjobs.stop',
      method: 'POST',
      path: `${version}/stop`,
      execute: (caller, call) => stop(parts, caller, call),
    },
    {
      name: 'oldjobs.delete',
      method: 'DELETE',
      path: `${base}/:jobId`,
      execute: (caller, { params }) => {
        jobs.remove(objects.find(caller, params.jobId).id)
        return ok({ is_success: true })
      },
    },
  ])
}

type Read = (parts: OldJobParts, caller: ModelartsAccount, call: Call) => ProviderResponse

function scriptOf({ config }: OldJobRequest): string {
  const { user_command, boot_file_url, parameter } = config
  return user_command ?? [boot_file_url ?? '', ...(parameter ?? []).map(({ value }) => String(value ?? ''))].join('\n')
}

function create(
  { world, settings, jobs, objects }: OldJobParts,
  caller: ModelartsAccount,
  request: OldJobRequest,
): ProviderResponse {
  const { job_name } = request
  if (objects.all(caller).some(({ name }) => name === job_name)) {
    throw new Rejection(400, '0103', `Job name:${job_name} is existed`)
  }
  const input = { script: scriptOf(request), texts: [job_name, request.job_desc], stopAfterMs: null }
  const id = String(jobs.all().reduce((highest, job) => Math.max(highest, Number(job.id)), 9) + 1)
  const job = jobs.add({
    id,
    name: job_name,
    owner: caller.projectId,
    creation: request,
    data: { request, resourceId: `job${world.random.text('0123456789abcdef', 8)}` },
    timeline: jobLife(world.now(), input, settings),
  })
  return ok({
    is_success: true,
    job_id: id,
    job_name,
    status: '1',
    create_time: String(job.createdAt),
    version_id: id,
    version_name: 'V0001',
    resource_id: job.data.resourceId,
  })
}

function list({ world, objects }: OldJobParts, caller: ModelartsAccount, call: Call): ProviderResponse {
  const { query } = call
  const rejection = new Rejection(400, '0104', 'Parameter error.')
  const perPage = countIn(call, 'per_page', { min: 1, fallback: 10, rejection })
  const page = countIn(call, 'page', { min: 1, fallback: 1, rejection })
  const found = objects
    .listed(caller, call)
    .map((job) => summary(job, world.now()))
    .filter(({ job_name }) => job_name.includes(query.get('search_content') ?? ''))
    .filter(({ status }) => [null, '', String(status)].includes(query.get('status')))
  if (query.get('order') !== 'asc') found.reverse()
  const jobs = found.slice((page - 1) * perPage, page * perPage)
  return ok({ is_success: true, quotas: 1000, job_total_count: found.length, job_count_limit: 1000, jobs })
}

function summary({ id, name, data, createdAt, timeline }: WorldObject<OldJobData>, now: number) {
  const { startedAt, endedAt } = jobTimes(timeline, now)
  return {
    job_id: Number(id),
    job_name: name,
    version_id: Number(id),
    status: statuses[momentAt(timeline, now).state] ?? 0,
    create_time: createdAt,
    duration: startedAt === null ? 0 : Math.round((endedAt ?? now) - startedAt),
    job_desc: data.request.job_desc ?? '',
    version_count: 1,
  }
}

function find({ objects }: OldJobParts, caller: ModelartsAccount, { params }: Call): WorldObject<OldJobData> {
  const job = objects.find(caller, params.jobId)
  // The first version has the same number as its job.
  if (params.versionId !== job.id) throw new Rejection(400, '0105', 'The version does not exist.')
  return job
}

function details(parts: OldJobParts, caller: ModelartsAccount, call: Call): ProviderResponse {
  const job = find(parts, caller, call)
  const { version_count, ...shown } = summary(job, parts.world.now())
  return ok({
    is_success: true,
    ...job.data.request.config,
    ...shown,
    version_name: 'V0001',
    resource_id: job.data.resourceId,
  })
}

function stop(parts: OldJobParts, caller: ModelartsAccount, call: Call): ProviderResponse {
  const now = parts.world.now()
  const { id, timeline } = find(parts, caller, call)
  if (jobTimes(timeline, now).endedAt !== null) throw new Rejection(400, '0105', 'The training job has ended.')
  parts.jobs.change(id, { timeline: terminated(timeline, now, parts.settings.terminatingMs) })
  return ok({ is_success: true })
}

function logNames(parts: OldJobParts, caller: ModelartsAccount, call: Call): ProviderResponse {
  const job = find(parts, caller, call)
  const isReady = jobTimes(job.timeline, parts.world.now()).startedAt !== null
  return ok({ is_success: true, log_file_list: isReady ? [`${job.name}.0`] : [] })
}

/** As in the sample, `start_line` is a number above 2^53 and `end_line` a string. */
function log(parts: OldJobParts, caller: ModelartsAccount, call: Call): ProviderResponse {
  const job = find(parts, caller, call)
  const rejection = new Rejection(400, '0104', 'Parameter error.')
  const limit = countIn(call, 'lines', { min: 0, fallback: 50, rejection })
  const baseLine = call.query.get('base_line')?.trim() || null
  if (call.query.get('log_file') !== `${job.name}.0` || limit > maxLines || !/^\d{1,19}$/.test(baseLine ?? '0'))
    throw rejection
  const lines = numberedLines(job, parts.world.now())
  const isForward = call.query.get('order') === 'asc'
  const base = baseLine === null ? null : BigInt(baseLine)
  const later = lines.filter(({ at }) => base === null || (isForward ? at > base : at < base))
  const part = isForward ? later.slice(0, limit) : later.slice(Math.max(0, later.length - limit))
  const start = part[0]?.at ?? base ?? 0n
  const text = {
    content: part.map(({ line }) => `${line}\n`).join(''),
    lines: String(part.length),
    end_line: String(part.at(-1)?.at ?? start),
  }
  const body = `{"is_success":true,"start_line":${start},${JSON.stringify(text).slice(1)}`
  return { status: 200, body, headers: { 'content-type': 'application/json' } }
}

function numberedLines({ data, timeline, createdAt }: WorldObject<OldJobData>, now: number) {
  const lines = logLines({ script: scriptOf(data.request) }, timeline, now) ?? []
  return lines.map((line, index) => ({ line, at: BigInt(Math.round(createdAt)) * 1_000_000n + BigInt(index + 1) }))
}
