import type { Call, Operation, ProviderResponse } from '../provider.ts'
import { momentAt } from '../timeline.ts'
import type { Collection, WorldObject } from '../world.ts'
import { resolved } from './algorithms.ts'
import { engines } from './catalog.ts'
import { logLines, maxPreviewBytes } from './job-logs.ts'
import { reportOperations } from './job-reports.ts'
import { assertJob } from './job-rules.ts'
import { type Filter, matcher } from './job-search.ts'
import { jobFlavors, jobView, scriptOf, tasksOf, workspaceIdOf } from './job-view.ts'
import { jobLife, terminated } from './lifecycle.ts'
import { Rejection } from './rejections.ts'
import { invalidParam } from './rules.ts'
import {
  type Definition,
  defineOperations,
  makeProjectObjects,
  ok,
  type ProjectObjects,
  type ServiceParts,
} from './service.ts'
import { jobAction, jobCreation, jobDescription, jobSearch } from './training-fields.ts'
import type { JobData, JobRequest, ModelartsAccount } from './wire.ts'

const base = '/v2/:projectId/training-jobs'
const itemPath = `${base}/:jobId`
const hourMs = 3_600_000

interface JobParts extends ServiceParts {
  jobs: Collection<JobData>
  objects: ProjectObjects<JobData>
}

/** Training jobs v2. "Not found" is HTTP 400; the list is a POST. */
export function jobOperations(service: ServiceParts): Operation[] {
  const { world } = service
  const jobs = world.collection<JobData>('modelarts', 'job')
  const solution = 'Check whether the training job information in the request is valid.'
  const notFound = (id: string) => new Rejection(400, '2775', `Training job (ID: ${id}) not found.`, solution)
  const parts = { ...service, jobs, objects: makeProjectObjects(jobs, world.now, notFound) }
  return defineOperations(service, [
    ...lifeOperations(parts),
    ...readOperations(parts),
    ...reportOperations(parts, itemPath),
  ])
}

function lifeOperations(parts: JobParts): Definition[] {
  const { jobs, objects } = parts
  return [
    {
      name: 'jobs.create',
      method: 'POST',
      path: base,
      fields: jobCreation,
      execute: (caller, _call, body: JobRequest) => create(parts, caller, body),
    },
    {
      name: 'jobs.action',
      method: 'POST',
      path: `${itemPath}/actions`,
      fields: jobAction,
      execute: (caller, call, body: { action_type: string }) => act(parts, caller, call, body.action_type),
    },
    {
      name: 'jobs.describe',
      method: 'PUT',
      path: itemPath,
      fields: jobDescription,
      execute: (caller, { params }, { description }: { description: string }) => {
        const { id, data } = objects.find(caller, params.jobId)
        jobs.change(id, { data: { ...data, description } })
        return ok(null)
      },
    },
    {
      name: 'jobs.delete',
      method: 'DELETE',
      path: itemPath,
      execute: (caller, { params }) => {
        jobs.remove(objects.find(caller, params.jobId).id)
        return { status: 202, body: '""', headers: { 'content-type': 'application/json' } }
      },
    },
  ]
}

function readOperations(parts: JobParts): Definition[] {
  const { world, objects } = parts
  const task = `${itemPath}/tasks/:taskId`
  return [
    {
      name: 'jobs.get',
      method: 'GET',
      path: itemPath,
      execute: (caller, { params }) => ok(jobView(objects.find(caller, params.jobId), caller, world.now())),
    },
    {
      name: 'jobs.search',
      method: 'POST',
      path: '/v2/:projectId/training-job-searches',
      isList: true,
      fields: jobSearch,
      isBodyOptional: true,
      execute: (caller, call, body: Search) => search(parts, caller, call, body),
    },
    {
      name: 'jobs.logPreview',
      method: 'GET',
      path: `${task}/logs/preview`,
      execute: (caller, call) => preview(parts, caller, call),
    },
    {
      name: 'jobs.logUrl',
      method: 'GET',
      path: `${task}/logs/url`,
      execute: (caller, call) => link(parts, caller, call),
    },
    {
      name: 'jobs.flavors',
      method: 'GET',
      path: '/v2/:projectId/training-job-flavors',
      execute: (_caller, { query }) => ok(jobFlavors(query.get('flavor_type'))),
    },
    {
      name: 'jobs.engines',
      method: 'GET',
      path: '/v2/:projectId/training-job-engines',
      execute: () => ok({ total: engines.length, items: engines }),
    },
  ]
}

function create(parts: JobParts, caller: ModelartsAccount, sent: JobRequest): ProviderResponse {
  const { world, settings, jobs, objects } = parts
  const algorithm = resolved(world, caller, sent.algorithm)
  const request = { ...sent, ...(algorithm && { algorithm }) }
  assertJob(sent, settings)
  const { name, description = '' } = request.metadata
  const own = objects.all(caller)
  if (own.some((job) => job.name === name)) {
    throw new Rejection(400, '2751', `Duplicate training job (name ${name}).`, 'Change training job name.')
  }
  const isActive = (job: WorldObject<JobData>) => activePhases.has(momentAt(job.timeline, world.now()).state)
  if (settings.maxJobs > 0 && own.filter(isActive).length >= settings.maxJobs) {
    throw new Rejection(400, '2815', 'The quota limit is exceeded.')
  }
  const hours = request.spec?.auto_stop?.duration
  const input = {
    script: scriptOf(request),
    texts: [name, description],
    stopAfterMs: hours === undefined ? null : (hours * hourMs) / settings.leaseSpeed,
  }
  const job = jobs.add({
    id: parts.makeId(),
    name,
    owner: caller.projectId,
    creation: sent,
    data: { request, description },
    timeline: jobLife(world.now(), input, settings),
  })
  return { status: 201, body: jobView(job, caller, world.now()) }
}

/** The phases of an active job, which may be terminated. */
const activePhases: ReadonlySet<string> = new Set(['Creating', 'Pending', 'Running'])

function act(parts: JobParts, caller: ModelartsAccount, call: Call, actionType: string): ProviderResponse {
  const { world, settings, jobs, objects } = parts
  if (actionType !== 'terminate') {
    throw new Rejection(400, '2812', `Unsupported action type:${actionType}`, 'Check whether the action type is valid.')
  }
  const now = world.now()
  const { id, timeline } = objects.find(caller, call.params.jobId)
  if (!activePhases.has(momentAt(timeline, now).state)) {
    throw new Rejection(409, '2796', 'The job cannot be terminated.', 'Check whether the job status is valid.')
  }
  const job = jobs.change(id, { timeline: terminated(timeline, now, settings.terminatingMs) })
  return { status: 202, body: jobView(job, caller, now) }
}

interface Search {
  offset?: number
  limit?: number
  sort_by?: string
  order?: 'asc' | 'desc'
  group_by?: string
  workspace_id?: string
  filters?: Filter[]
}

function search({ world, objects }: JobParts, caller: ModelartsAccount, call: Call, query: Search): ProviderResponse {
  const { offset = 0, limit = 10, sort_by = 'create_time', order = 'desc', group_by = '', filters = [] } = query
  if (sort_by !== '' && sort_by !== 'create_time') {
    throw new Rejection(400, '2790', 'Unsupported sorting item.', 'Check whether the sorting item is valid.')
  }
  const view = (job: WorldObject<JobData>) => jobView(job, caller, world.now())
  const matches = matcher(filters, caller.userId)
  const all = objects.listed(caller, call)
  const isInWorkspace = ({ data }: WorldObject<JobData>) => workspaceIdOf(data.request) === query.workspace_id
  const inWorkspace = query.workspace_id === undefined ? all : all.filter(isInWorkspace)
  const found = filters.length === 0 ? inWorkspace : inWorkspace.filter((job) => matches(view(job)))
  if (order === 'desc') found.reverse()
  // The offset counts pages from 0; `total` counts all jobs, `count` the matching ones.
  const items = found.slice(offset * limit, (offset + 1) * limit).map(view)
  return ok({
    total: all.length,
    count: found.length,
    limit,
    offset,
    sort_by: 'create_time',
    order,
    group_by,
    workspace_id: query.workspace_id ?? '0',
    ai_project: 'default-ai-project',
    items,
  })
}

function taskLog({ world, objects }: JobParts, caller: ModelartsAccount, { params }: Call): Buffer | null {
  const { data, timeline } = objects.find(caller, params.jobId)
  if (!tasksOf(data.request).includes(params.taskId ?? '')) throw invalidParam('task_id')
  const lines = logLines(
    { script: scriptOf(data.request), variables: data.request.algorithm?.environments ?? {} },
    timeline,
    world.now(),
  )
  return lines === null ? null : Buffer.from(`${lines.join('\n')}\n`)
}

// ModelArts.2776, "not ready for fetch log": documented with HTTP 204, which has no body for the code.
const noLogYet: ProviderResponse = { status: 204, body: undefined }

function preview(parts: JobParts, caller: ModelartsAccount, call: Call): ProviderResponse {
  const log = taskLog(parts, caller, call)
  if (log === null) return noLogYet
  const shown = log.subarray(-maxPreviewBytes)
  return ok({ content: shown.toString('utf8'), current_size: shown.length, full_size: log.length })
}

function link(parts: JobParts, caller: ModelartsAccount, call: Call): ProviderResponse {
  const log = taskLog(parts, caller, call)
  if (log === null) return noLogYet
  const { jobId, taskId } = call.params
  const expires = Math.floor(call.wallClockMs / 1000) + 300
  const query = `AWSAccessKeyId=SANDBOX&Expires=${expires}&Signature=sandbox-obs-signature`
  return ok({ obs_url: `https://logs.obs.modelarts.invalid/${jobId}/modelarts-job-${jobId}-${taskId}.log?${query}` })
}
