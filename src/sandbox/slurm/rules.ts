import { isRecord } from '../fields.ts'
import { Rejected, type SlurmError } from './responses.ts'
import { cluster, type JobRequest } from './wire.ts'

/** The names of `job_properties` in v0.0.38, and `no_requeue`, which the description omits and the daemon accepts. */
const properties: ReadonlySet<string> = new Set(
  `account account_gather_frequency argv array batch_features begin_time burst_buffer cluster_constraint comment
  constraints container core_specification cores_per_socket cpu_binding cpu_binding_hint cpu_frequency cpus_per_gpu
  cpus_per_task current_working_directory deadline delay_boot dependency distribution environment exclusive
  get_user_environment gres gres_flags gpu_binding gpu_frequency gpus gpus_per_node gpus_per_socket gpus_per_task hold
  kill_on_invalid_dependency licenses mail_type mail_user mcs_label memory_binding memory_per_cpu memory_per_gpu
  memory_per_node minimum_cpus_per_node minimum_nodes name nice no_kill no_requeue nodes open_mode oversubscribe partition prefer
  priority qos requeue reservation signal sockets_per_node spread_job standard_error standard_input standard_output tasks
  tasks_per_core tasks_per_node tasks_per_socket thread_specification threads_per_core time_limit time_minimum
  wait_all_nodes wckey`.split(/\s+/),
)

const unparsable: SlurmError = { code: 9001, error: 'Failure during parsing' }
const fails = (error: string, code = -1) => new Rejected(400, { code, error }, unparsable)

/** Parses the request. Throws slurmrestd's rejection, which precedes any call to the controller. */
export function readRequest(body: Record<string, unknown>): JobRequest {
  const { job, script } = body
  if (!isRecord(job)) throw fails('Jobs description entry not found, empty or not dictionary or list', 9002)
  const unknown = Object.keys(job).find((name) => !properties.has(name))
  if (unknown !== undefined) throw new Rejected(400, { code: 0, error: `Unknown key "${unknown}"` }, unparsable)
  if (!isRecord(job.environment) || Object.keys(job.environment).length === 0)
    throw fails('environment must be set', 2127)
  assertReadable(job)
  // The parser has validated the fields that the sandbox uses.
  return { ...(typeof script === 'string' ? { script } : {}), job: job as JobRequest['job'] }
}

/** Checks values by the rules of the command-line options, which differ from the API description. */
function assertReadable(job: Record<string, unknown>): void {
  if (Array.isArray(job.nodes) && job.nodes.length !== 2) throw fails('Invalid node count list size')
  for (const [name, form] of Object.entries(forms)) {
    const value = job[name]
    if (value !== undefined && !form.test(String(value)))
      throw name === 'begin_time' ? fails('Unable to parse time', 2054) : fails(`Invalid ${name} specification`)
  }
}

const size = /^\d+[KMGT]?$/
const forms: Readonly<Record<string, RegExp>> = {
  exclusive: /^(user|mcs|exclusive)$/,
  priority: /^\d+$/,
  begin_time: /^(\d{4}-\d\d-\d\dT|now)/,
  tasks: /^\d+$/,
  tasks_per_node: /^\d+$/,
  cpus_per_task: /^\d+$/,
  memory_per_node: size,
  nice: /^-?\d+$/,
}

/** Checks that the controller rejects before creating a record. */
export function assertKnown({ job }: JobRequest): void {
  const rejection = (code: number, error: string) => new Rejected(500, { code, error })
  if (job.partition !== undefined && !cluster.partitions.some((name) => name === job.partition))
    throw rejection(2000, 'Invalid partition name specified')
  if (job.constraints !== undefined) throw rejection(2029, 'Invalid feature specification')
  if (job.licenses !== undefined) throw rejection(2048, 'Invalid license specification')
  if (job.reservation !== undefined) throw rejection(2053, 'Requested reservation is invalid')
  // Reserved for the cluster's operators; there is none here.
  if (Number(job.nice ?? 0) < 0) throw rejection(2123, 'Invalid --nice value')
}

/** Whether no node can run it: rejected with a record in FAILED. */
export function isImpossible({ job }: JobRequest): boolean {
  if (Number(job.memory_per_node ?? 0) > cluster.memoryMb) return true
  const requested = [job.gres ?? [], job.gpus_per_node === undefined ? [] : `gpu:${job.gpus_per_node}`].flat()
  return requested.flatMap((each) => each.split(',')).some((each) => !isGresAvailable(each))
}

function isGresAvailable(gres: string): boolean {
  const [, name = '', model, count = '1'] = /^(\w+?)(?::([A-Za-z]\w*))?(?::(\d+))?$/.exec(gres) ?? []
  return name === 'gpu' && (model ?? cluster.gpuModel) === cluster.gpuModel && Number(count) <= cluster.gpus
}

/** Whether it requests more nodes or CPUs than the cluster has. */
export function isOversized(request: JobRequest): boolean {
  return nodesOf(request) > cluster.nodes || Number(request.job.cpus_per_task ?? 1) > cluster.cpus
}

/** The reason why it would wait forever, which is accepted with an id and an error; null if it would not. */
export function obstacleTo({ job }: JobRequest, nodes: number): { error: SlurmError; reason: string } | null {
  const busy = { code: 2015, error: 'Requested partition configuration not available now' }
  if (job.hold === true) {
    return { error: { code: 2042, error: 'Job is in held state, pending scheduler release' }, reason: 'JobHeldUser' }
  }
  if (Number(job.time_limit ?? 0) > cluster.maxMinutes) return { error: busy, reason: 'PartitionTimeLimit' }
  if (nodes > cluster.nodes) return { error: busy, reason: 'PartitionNodeLimit' }
  return Number(job.cpus_per_task ?? 1) > cluster.cpus ? { error: busy, reason: 'PartitionConfig' } : null
}

/** Whether it may be requeued. A flag counts if present, whatever its value; the cluster's default is to requeue. */
export function mayRequeue({ job }: JobRequest): boolean {
  return job.no_requeue === undefined
}

/** The number of its nodes. The documented list of two numbers is accepted and ignored. */
export function nodesOf({ job }: JobRequest): number {
  if (job.nodes === undefined || Array.isArray(job.nodes)) return 1
  return Number(String(job.nodes).split('-')[0])
}
