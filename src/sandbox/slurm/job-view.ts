import type { WorldObject } from '../world.ts'
import { snapshotAt } from './lifecycle.ts'
import { mayRequeue } from './rules.ts'
import { cluster, type JobData, type SlurmSettings } from './wire.ts'

export type Job = WorldObject<JobData>

export const seconds = (ms: number) => Math.floor(ms / 1000)

/** A waiting job shows its estimated start; one that never had nodes shows its end as its start. */
export function timesOf(
  { timeline, createdAt, data }: Job,
  now: number,
  { pendingMs }: Pick<SlurmSettings, 'pendingMs'>,
) {
  const { reason, ranAt, endedAt } = snapshotAt(timeline, now)
  const startAt = ranAt ?? endedAt ?? (reason === 'None' ? createdAt + pendingMs : 0)
  return { startAt, endAt: endedAt ?? (startAt === 0 ? 0 : startAt + data.timeLimitMinutes * 60_000) }
}

export function nodeList(count: number): string {
  return count === 1 ? 'node1' : `node[1-${count}]`
}

/** A record with the field order and empty values of the real daemon; unused fields are omitted. */
export function jobView(job: Job, now: number, settings: SlurmSettings): object {
  const { request, partition, nodes, timeLimitMinutes } = job.data
  const { state, reason, waitStatus, ranAt, restarts } = snapshotAt(job.timeline, now)
  const { job: submitted } = request
  const { startAt, endAt } = timesOf(job, now, settings)
  return {
    account: '',
    array_job_id: 0,
    array_task_id: null,
    array_task_string: '',
    batch_flag: true,
    cluster: cluster.name,
    comment: submitted.comment ?? '',
    end_time: seconds(endAt),
    exit_code: waitStatus,
    job_id: Number(job.id),
    job_state: state,
    name: job.name,
    nodes: ranAt === null ? '' : nodeList(nodes),
    node_count: nodes,
    cpus: nodes * Number(submitted.cpus_per_task ?? 1),
    tasks: submitted.tasks ?? nodes,
    partition,
    memory_per_node: submitted.memory_per_node ?? null,
    // A requested priority is ignored: accounts here are ordinary users.
    priority: 4294901759,
    requeue: mayRequeue(request),
    restart_cnt: restarts,
    start_time: seconds(startAt),
    state_description: '',
    state_reason: reason,
    standard_error: submitted.standard_error ?? '',
    standard_output: submitted.standard_output ?? '',
    submit_time: seconds(job.createdAt),
    time_limit: timeLimitMinutes,
    tres_per_node: submitted.gres === undefined ? '' : `gres:${submitted.gres}`,
    user_id: 1000,
    user_name: job.owner,
    current_working_directory: submitted.current_working_directory ?? '/',
  }
}

export function partitionView(name: string): object {
  const cpus = cluster.nodes * cluster.cpus
  return {
    flags: name === cluster.defaultPartition ? ['default'] : [],
    default_time_limit: cluster.defaultMinutes,
    max_time_limit: cluster.maxMinutes,
    name,
    nodes: `node[1-${cluster.nodes}]`,
    state: 'UP',
    total_cpus: cpus,
    total_nodes: cluster.nodes,
    tres: `cpu=${cpus},mem=${cluster.nodes * cluster.memoryMb}M,node=${cluster.nodes},billing=${cpus}`,
  }
}
