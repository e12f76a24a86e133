import { echoedLines } from '../echoed-lines.ts'
import type { WorldObject } from '../world.ts'
import { type Snapshot, snapshotAt } from './lifecycle.ts'
import { type JobData, type JobRequest, nodes } from './wire.ts'

export type Job = WorldObject<JobData>

/** A record with the fields and the field order of 2.60.0. */
export function jobView(job: Job, now: number): object {
  const { request } = job.data
  const shown = snapshotAt(job.timeline, now)
  const [head] = nodes
  return {
    type: 'SUBMISSION',
    job_id: null,
    submission_id: job.id,
    driver_info: null,
    status: shown.state,
    entrypoint: request.entrypoint,
    message: messageOf(job, shown),
    error_type: shown.errorType,
    // The time of the submit, despite its name.
    start_time: job.createdAt,
    end_time: shown.endedAt,
    metadata: request.metadata ?? null,
    // Unredacted: Ray redacts it only for browsers.
    runtime_env: request.runtime_env ?? null,
    driver_agent_http_address: shown.hasRun ? `http://${head.ip}:52365` : null,
    driver_node_id: shown.hasRun ? head.id : null,
    driver_exit_code: shown.exitCode,
  }
}

/** The line with the entrypoint is buffered and follows the first output. */
export function logsOf(job: Job, now: number): string {
  if (!snapshotAt(job.timeline, now).hasRun) return ''
  const { entrypoint, runtime_env: environment } = job.data.request
  const printed = echoedLines(entrypoint, variablesIn(environment?.env_vars)).map((line) => `${line}\n`)
  const startedAt = new Date(job.createdAt).toISOString()
  return `${startedAt}\tINFO job_manager.py:581 -- Runtime env is setting up.\n${printed.join('')}Running entrypoint for job ${job.id}: ${entrypoint}\n`
}

function variablesIn(variables: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(Object(variables)).map(([name, value]) => [name, String(value)]))
}

function messageOf(job: Job, { state, exitCode, errorType }: Snapshot): string {
  const { request } = job.data
  switch (state) {
    case 'PENDING':
      return `Job has not started yet.${waitsFor(request)}`
    case 'RUNNING':
      return 'Job is currently running.'
    case 'STOPPED':
      return 'Job was intentionally stopped.'
    case 'SUCCEEDED':
      return 'Job finished successfully.'
    default:
      return errorType === null ? 'Job failed.' : failureMessage(job, exitCode, errorType)
  }
}

function failureMessage(job: Job, exitCode: number | null, errorType: string): string {
  switch (errorType) {
    case 'JOB_ENTRYPOINT_COMMAND_ERROR':
      return `Job entrypoint command failed with exit code ${exitCode}, last available logs (truncated to 20,000 chars):\n${logsOf(job, Number.POSITIVE_INFINITY)}`
    case 'JOB_SUPERVISOR_ACTOR_START_TIMEOUT':
      return 'Job supervisor actor failed to start within 900.0 seconds. This timeout can be configured by setting the environment variable RAY_JOB_START_TIMEOUT_SECONDS.'
    case 'RUNTIME_ENV_SETUP_FAILURE':
      return 'runtime_env setup failed: Failed to set up runtime environment.\nCould not create the actor because its associated runtime env failed to be created.\nTraceback (most recent call last):\n  File "/ray/agent.py", line 1, in create\nRuntimeError: Failed to install pip packages\n'
    case 'JOB_SUPERVISOR_ACTOR_START_FAILURE': {
      const detail = "runtime_env['env_vars'] must be of type Dict[str, str]"
      return `Failed to start supervisor actor ${job.id}: '${detail}'. Full traceback:\nTraceback (most recent call last):\n  File "/ray/validation.py", line 1, in parse\nTypeError: ${detail}\n`
    }
    default:
      return 'Job failed.'
  }
}

function waitsFor(request: JobRequest): string {
  const { entrypoint_num_cpus: cpus, entrypoint_num_gpus: gpus, entrypoint_memory: memory } = request
  const requestsResources = [cpus, gpus, memory].some((amount) => amount !== undefined && amount > 0)
  const forResources = requestsResources || Object.keys(request.entrypoint_resources ?? {}).length > 0
  const forEnvironment = Object.keys(request.runtime_env ?? {}).length > 0
  return [
    forResources ? ' It may be waiting for resources (CPUs, GPUs, memory, custom resources) to become available.' : '',
    forEnvironment ? ' It may be waiting for the runtime environment to be set up.' : '',
  ].join('')
}
