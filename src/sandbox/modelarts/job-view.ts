import { momentAt } from '../timeline.ts'
import type { WorldObject } from '../world.ts'
import { type Flavor, flavorOf, flavors } from './catalog.ts'
import { exitCodeOf, jobTimes } from './lifecycle.ts'
import type { JobData, JobRequest, ModelartsAccount } from './wire.ts'

type Job = WorldObject<JobData>

/** The script of a job, which determines its failure and duration. */
export function scriptOf({ algorithm }: JobRequest): string {
  const { command, boot_file, parameters } = algorithm ?? {}
  return command ?? [boot_file ?? '', ...(parameters ?? []).map(({ value }) => value ?? '')].join('\n')
}

/** The tasks of a job, one per node. */
export function tasksOf({ spec }: JobRequest): string[] {
  return Array.from({ length: spec?.resource?.node_count ?? 1 }, (_, index) => `worker-${index}`)
}

/** The workspace of a job; 0 is the default one. */
export function workspaceIdOf({ metadata }: JobRequest): string {
  return metadata.workspace_id ?? '0'
}

/** A training job as every operation shows it. */
export function jobView({ id, name, data, createdAt, timeline }: Job, caller: ModelartsAccount, now: number) {
  const { request, description } = data
  const { metadata, algorithm, spec } = request
  return {
    kind: request.kind,
    metadata: {
      id,
      name,
      description,
      create_time: createdAt,
      workspace_id: workspaceIdOf(request),
      ai_project: 'default-ai-project',
      user_name: caller.userName,
      ...(metadata.annotations && { annotations: metadata.annotations }),
    },
    status: statusView({ request, timeline }, now),
    algorithm: { ...algorithm, parameters: algorithm?.parameters ?? [], policies: {} },
    spec: { ...spec, resource: resourceView(spec?.resource ?? {}), log_export_path: spec?.log_export_path ?? {} },
  }
}

function statusView({ request, timeline }: { request: JobRequest; timeline: Job['timeline'] }, now: number) {
  const { state, outcome } = momentAt(timeline, now)
  const { startedAt, endedAt } = jobTimes(timeline, now)
  const tasks = tasksOf(request)
  const ended = endedAt !== null && startedAt !== null ? endOf(request, state) : null
  return {
    phase: state,
    secondary_phase: outcome ?? state,
    duration: startedAt === null ? 0 : Math.round((endedAt ?? now) - startedAt),
    start_time: startedAt === null ? 0 : Math.round(startedAt),
    node_count_metrics: startedAt === null ? null : [[Math.round(startedAt), tasks.length]],
    tasks,
    ...(ended && { task_statuses: tasks.map((task) => ({ task, exit_code: ended.exitCode, message: ended.message })) }),
    ...(startedAt !== null && { running_records: [recordView(startedAt, endedAt, ended?.reason)] }),
  }
}

interface End {
  exitCode: number
  message: string
  reason: string
}

function endOf(request: JobRequest, state: string): End | null {
  if (state === 'Completed') return { exitCode: 0, message: '', reason: 'job completed' }
  if (state !== 'Failed' && state !== 'Abnormal') return null
  // A job that was forced to fail has a command that would succeed.
  const exitCode = exitCodeOf(scriptOf(request)) || 1
  return { exitCode, message: `training process exited with ${exitCode}`, reason: `exit with ${exitCode}` }
}

// In seconds, while every other time of a job is in ms.
function recordView(startedAt: number, endedAt: number | null, reason = '') {
  return {
    start_at: Math.floor(startedAt / 1000),
    ...(endedAt !== null && { end_at: Math.floor(endedAt / 1000), end_reason: reason, end_related_task: 'worker-0' }),
    start_type: 'init_or_rescheduled',
  }
}

function resourceView({ flavor_id, node_count, pool_id }: NonNullable<NonNullable<JobRequest['spec']>['resource']>) {
  return {
    policy: 'regular',
    node_count: node_count ?? 1,
    ...(pool_id !== undefined && { pool_id }),
    ...(flavor_id !== undefined && flavorPart(flavorOf(flavor_id))),
  }
}

function flavorPart(flavor: Flavor) {
  const { flavor_id, flavor_name, ...detail } = jobFlavorView(flavor)
  return { flavor_id, flavor_name, flavor_detail: detail }
}

/** The flavors available for jobs. */
export function jobFlavors(type: string | null) {
  const found = flavors.filter((flavor) => type === null || flavor.type === type).map(jobFlavorView)
  return { total_count: found.length, flavors: found }
}

function jobFlavorView({ id, type, cores, memoryGb, cards, cardName, maxNodes }: Flavor) {
  const card = { unit_num: cards, product_name: cardName, memory: '32GB' }
  return {
    flavor_id: id,
    flavor_name: `Computing ${type}(${cards > 0 ? cardName : `${cores}U`}) instance`,
    flavor_type: type,
    billing: { code: id, unit_num: 1 },
    flavor_info: {
      max_num: maxNodes,
      cpu: { arch: 'x86', core_num: cores },
      ...(type === 'GPU' && { gpu: card }),
      ...(type === 'Ascend' && { npu: card }),
      memory: { size: memoryGb, unit: 'GB' },
      disk: { size: 50, unit: 'GB' },
    },
  }
}
