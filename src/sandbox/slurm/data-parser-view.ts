import { constants } from 'node:os'
import { wrapped } from './data-parser-responses.ts'
import { type Job, nodeList, seconds, timesOf } from './job-view.ts'
import { snapshotAt } from './lifecycle.ts'
import { mayRequeue } from './rules.ts'
import { cluster, type SlurmSettings } from './wire.ts'

/** The state that accompanies a flag, if only the flag is forced. */
const statesOfFlags: Readonly<Record<string, string>> = {
  CONFIGURING: 'RUNNING',
  POWER_UP_NODE: 'RUNNING',
  RESIZING: 'RUNNING',
  SIGNALING: 'RUNNING',
  STOPPED: 'RUNNING',
  STAGE_OUT: 'COMPLETED',
  COMPLETING: 'COMPLETED',
  REQUEUED: 'PENDING',
  REQUEUE_FED: 'PENDING',
  REQUEUE_HOLD: 'PENDING',
  RESV_DEL_HOLD: 'PENDING',
  SPECIAL_EXIT: 'PENDING',
  EXPEDITING: 'PENDING',
  LAUNCH_FAILED: 'FAILED',
  RECONFIG_FAIL: 'FAILED',
  REVOKED: 'CANCELLED',
}

/** A record as v0.0.40 and later show it, with the fields that each version has; unused ones are omitted. */
export function parserJobView(
  job: Job,
  now: number,
  { version, ...settings }: SlurmSettings & { version: string },
): object {
  const { request, partition, nodes, timeLimitMinutes } = job.data
  const { reason, ranAt, restarts } = snapshotAt(job.timeline, now)
  const { job: submitted } = request
  const { startAt, endAt } = timesOf(job, now, settings)
  return {
    account: submitted.account ?? '',
    array_job_id: wrapped(0),
    array_task_id: wrapped(null),
    array_task_string: '',
    batch_flag: true,
    cluster: cluster.name,
    comment: submitted.comment ?? '',
    cpus: wrapped(nodes * Number(submitted.cpus_per_task ?? 1)),
    current_working_directory: directoryOf(job),
    end_time: wrapped(seconds(endAt)),
    exit_code: exitOf(job, now),
    het_job_id: wrapped(0),
    het_job_id_set: '',
    het_job_offset: wrapped(0),
    job_id: Number(job.id),
    job_state: statesOf(job, now),
    memory_per_node: wrapped(submitted.memory_per_node ?? null),
    name: job.name,
    node_count: wrapped(nodes),
    nodes: ranAt === null ? '' : nodeList(nodes),
    partition,
    // A requested priority is ignored: accounts here are ordinary users.
    priority: wrapped(1),
    requeue: mayRequeue(request),
    restart_cnt: restarts,
    shared: Array.isArray(submitted.shared) ? submitted.shared : [],
    start_time: wrapped(seconds(startAt)),
    state_description: '',
    state_reason: reason === 'JobLaunchFailure' ? 'RaisedSignal' : reason,
    ...outputOf(job, version),
    ...(isSince(version, 44) ? { step_id: { sluid: sluidOf(job, restarts), job_id: wrapped(Number(job.id)) } } : {}),
    submit_time: wrapped(seconds(job.createdAt)),
    tasks: wrapped(submitted.tasks ?? nodes),
    time_limit: wrapped(timeLimitMinutes),
    tres_per_node: submitted.tres_per_node ?? '',
    user_id: 1000,
    user_name: job.owner,
  }
}

const isSince = (version: string, since: number) => Number(version.split('.')[2]) >= since

/** A list: the state, then its flags. */
function statesOf({ timeline }: Job, now: number): readonly string[] {
  const { state } = snapshotAt(timeline, now)
  const baseState = statesOfFlags[state]
  if (baseState === undefined) return [state]
  const later = timeline.find((moment) => moment.at > now)?.state
  return [state === 'COMPLETING' ? (later ?? baseState) : baseState, state]
}

/** A launch error is shown as the signal of its low bits; a running or just canceled job shows a success. */
function exitOf({ timeline }: Job, now: number): object {
  const { waitStatus, endedAt } = snapshotAt(timeline, now)
  const status = endedAt === null ? 0 : waitStatus
  const id = status & 0x7f
  const name = Object.entries(constants.signals).find(([, number]) => number === id)?.[0]
  const signal = { id: wrapped(id === 0 ? null : id), name: id === 0 ? '' : (name?.slice('SIG'.length) ?? String(id)) }
  if (id !== 0) return { status: ['SIGNALED'], return_code: wrapped(null), signal }
  return { status: [status === 0 ? 'SUCCESS' : 'ERROR'], return_code: wrapped(status >> 8), signal }
}

function directoryOf({ data }: Job): string {
  return data.request.job.current_working_directory ?? '/'
}

/** Up to v0.0.42 the path is expanded; later it is the template, and a separate field is expanded. */
function outputOf(job: Job, version: string): object {
  const { standard_output: output = 'slurm-%j.out', standard_error: errors = '' } = job.data.request.job
  const pathOf = (template: string) => {
    const path = template.replaceAll('%j', job.id)
    return path === '' || path.startsWith('/') ? path : `${directoryOf(job)}/${path}`
  }
  if (!isSince(version, 43)) return { standard_output: pathOf(output), standard_error: pathOf(errors) }
  const expanded = { stdout_expanded: pathOf(output), stderr_expanded: pathOf(errors) }
  return { standard_output: output, standard_error: errors, ...expanded }
}

/** A requeue replaces it. */
function sluidOf({ id, createdAt }: Job, restarts: number): string {
  return `s${(createdAt + restarts).toString(32).toUpperCase()}${id.padStart(4, '0')}`
}

export function parserPartitionView(name: string): object {
  const cpus = cluster.nodes * cluster.cpus
  return {
    cpus: { task_binding: [], total: cpus },
    defaults: { time: wrapped(cluster.defaultMinutes) },
    flags: name === cluster.defaultPartition ? ['DEFAULT'] : [],
    maximums: { time: wrapped(cluster.maxMinutes) },
    name,
    nodes: { allowed_allocation: '', configured: `node[1-${cluster.nodes}]`, total: cluster.nodes },
    partition: { state: ['UP'] },
    tres: { configured: `cpu=${cpus},mem=${cluster.nodes * cluster.memoryMb}M,node=${cluster.nodes},billing=${cpus}` },
  }
}
