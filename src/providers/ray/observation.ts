import { type JobStatus, jobTransitions } from '../../vocabulary/job.ts'
import type { Json, JsonObject } from '../../vocabulary/json.ts'
import type { Reason } from '../../vocabulary/reasons.ts'
import { isTerminal } from '../../vocabulary/transitions.ts'
import { isObject, readId, readNumber, readObject, readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { boundedPayload, cleanMessage, sentSecrets } from '../kit/redact.ts'
import { readTime } from '../kit/times.ts'
import { withoutVariables } from '../kit/variables.ts'
import type { Observation } from '../observation.ts'
import { lastLineOf, variablesIn } from './errors.ts'
import { tagOfSubmission } from './mapping.ts'

/** https://docs.ray.io/en/latest/cluster/running-applications/job-submission/doc/ray.job_submission.JobStatus.html */
export const jobStates: Readonly<Record<string, JobStatus>> = {
  PENDING: 'pending',
  RUNNING: 'running',
  STOPPED: 'canceled',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
}

/** `error_type` of a failed job. An unlisted value has no reason. */
const reasons: ReadonlyMap<string, Reason> = new Map([
  ['JOB_ENTRYPOINT_COMMAND_ERROR', 'nonzero_exit'],
  ['JOB_ENTRYPOINT_COMMAND_START_ERROR', 'launch_failed'],
  ['RUNTIME_ENV_SETUP_FAILURE', 'launch_failed'],
  ['JOB_SUPERVISOR_ACTOR_START_TIMEOUT', 'launch_failed'],
  ['JOB_SUPERVISOR_ACTOR_START_FAILURE', 'launch_failed'],
  ['JOB_SUPERVISOR_ACTOR_UNSCHEDULABLE', 'launch_failed'],
  ['JOB_SUPERVISOR_ACTOR_DIED', 'node_failure'],
])

const cancelsLater = 'A cancel takes effect once the job has started, and is repeated until then.'

/**
 * The observation of a submitted job; null if it shows no id or state. Ray reports only the
 * times of the submit and of the end.
 */
export function observe(job: Json, literals: readonly string[]): Observation<'job'> | null {
  const remoteId = submissionIdIn(job)
  const rawState = readText(job, 'status')
  if (!isObject(job) || remoteId === undefined || rawState === undefined) return null
  const status = (Object.hasOwn(jobStates, rawState) ? jobStates[rawState] : undefined) ?? null
  const secrets = [...literals, ...sentSecrets({}, variablesIn(readObject(job, 'runtime_env')))]
  return {
    remoteId,
    status,
    rawState,
    ...(isOver(status) ? { ...given({ endedAt: readTime(job, 'end_time') }), ...exitOf(job) } : {}),
    ...(status === 'failed' ? given({ reason: reasons.get(readText(job, 'error_type') ?? '') }) : {}),
    ...given({
      message: messageOf(job, status, secrets),
      remoteName: nameIn(job),
      identity: readId(job, 'start_time'),
    }),
    correlationTag: tagOfSubmission(remoteId),
    payload: () => payloadOf(job, secrets),
  }
}

/** Whether a job has ended by its status. */
export function isOver(status: JobStatus | null): boolean {
  return status !== null && isTerminal(jobTransitions, status)
}

/** The id of a submitted job. Programs that connected directly have none and cannot be stopped. */
export function submissionIdIn(job: Json): string | undefined {
  return readText(job, 'type') === 'SUBMISSION' ? readText(job, 'submission_id') : undefined
}

function nameIn(job: Json): string | undefined {
  return readText(readObject(job, 'metadata'), 'job_name')
}

/** The exit code of the entrypoint; a negative one is a signal, as in Python. */
function exitOf(job: Json): { exitCode?: number; signal?: number } {
  const code = readNumber(job, 'driver_exit_code')
  if (code === undefined || !Number.isInteger(code) || code < -64 || code > 255) return {}
  return code < 0 ? { signal: -code } : { exitCode: code }
}

function messageOf(job: Json, status: JobStatus | null, secrets: readonly string[]): string | undefined {
  const text = readText(job, 'message')
  if (text === undefined || (status !== 'pending' && status !== 'failed')) return undefined
  const headline = cleanMessage(headlineOf(text), secrets)
  return status === 'pending' ? `Ray: ${headline} ${cancelsLater}` : `Ray: ${headline}`
}

/** Ray appends up to 20,000 characters of the job's output, or a traceback: the output belongs to the logs. */
function headlineOf(message: string): string {
  const traceback = message.indexOf('Traceback (most recent call last):')
  const cause = traceback < 0 ? undefined : lastLineOf(message.slice(traceback))
  const [head = ''] = message.split(/, last available logs|\. Full traceback|\n|Traceback \(most/, 1)
  if (cause === undefined || head.includes(cause.replace(/^[\w.]+: /, ''))) return head
  return head === '' ? cause : `${head} (${cause})`
}

/** Ray returns the variables of a job unredacted. */
function payloadOf(job: JsonObject, secrets: readonly string[]): Json {
  const message = readText(job, 'message')
  return boundedPayload(
    {
      ...job,
      ...(message === undefined ? {} : { message: headlineOf(message) }),
      ...(isObject(job.runtime_env) ? { runtime_env: withoutVariables(job.runtime_env, 'env_vars') } : {}),
    },
    secrets,
  )
}
