import { isRecord } from '../fields.ts'
import type { Call, ProviderResponse } from '../provider.ts'
import {
  isOld,
  notPermitted,
  parserEnvelope,
  parserError,
  rejectedToken,
  statusOf,
  unparsableParameters,
  type Warning,
  withoutController,
  wrapped,
} from './data-parser-responses.ts'
import { readParserRequest } from './data-parser-rules.ts'
import { parserJobView, parserPartitionView } from './data-parser-view.ts'
import type { Job } from './job-view.ts'
import type { JobOperations } from './jobs.ts'
import { Rejected, unreadableQuery } from './responses.ts'
import { cluster, type SlurmAccount, type SlurmSettings } from './wire.ts'

interface Deps {
  jobs: JobOperations
  settings: SlurmSettings
  now(): number
}

interface Executed {
  warnings?: readonly Warning[]
  rest?: object
}

type Execute = (deps: Deps, call: Call & { version: string }, caller: SlurmAccount) => Executed

/** Written from the responses of 24.11.5 (v0.0.40, v0.0.42) and 26.05.5 (v0.0.42, v0.0.45). */
const operations: Readonly<Record<string, Execute>> = {
  'job.submit'({ jobs, settings }, { json, version }, caller) {
    const { request, warnings } = readParserRequest(json as Record<string, unknown>, settings)
    const { jobId, errors } = jobs.submit(caller, { request, creation: json, isStrict: isOld(settings.release) })
    // Beyond the limit of the partition there is no warning at all.
    const reportedErrors = Number(request.job.time_limit ?? 0) > cluster.maxMinutes ? [] : errors
    const submitted = { job_id: jobId, step_id: 'batch', job_submit_user_msg: '' }
    const result = { error_code: errors[0]?.code ?? 0, error: errors[0]?.error ?? 'No error' }
    return {
      warnings: [...warnings, ...reportedErrors.flatMap(({ error }) => submitWarnings(error))],
      rest: version === 'v0.0.40' ? { result: { ...submitted, ...result }, ...submitted } : submitted,
    }
  },
  'job.get'({ jobs, settings, now }, { params, version }) {
    const job = jobs.read(params.id ?? '')
    return { rest: { jobs: [parserJobView(job, now(), { ...settings, version })], ...loadedAt(now()) } }
  },
  'job.list'({ jobs, settings, now }, call) {
    const since = Number(call.query.get('update_time') ?? 0)
    if (since * 1000 > now()) return { rest: { jobs: [], ...loadedAt(now()) }, warnings: [noChanges(since)] }
    const shown = jobs.list(call).map((job: Job) => parserJobView(job, now(), { ...settings, version: call.version }))
    return { rest: { jobs: shown, ...loadedAt(now()) } }
  },
  'job.cancel'({ jobs }, { params, query, version }, caller) {
    const code = cancelCode(() => jobs.cancel(caller, params.id ?? '', query))
    if (version === 'v0.0.40') return {}
    const message = code === 2017 ? 'Invalid job id specified' : 'Job/step already completing or completed'
    const error = { string: message, code, message }
    return { rest: { status: code === 0 ? [] : [{ error, step_id: params.id, federation: { sibling: '' } }] } }
  },
  'partition.list': (_deps, _call) => ({ rest: { partitions: cluster.partitions.map(parserPartitionView) } }),
}

interface Failed {
  status: number
  code: number
  error: string
}

/** The response of an operation. `caller` is null if the controller rejects the token. */
export function parserResponse(deps: Deps, call: Call, caller: SlurmAccount | null): ProviderResponse {
  const { release } = deps.settings
  const { operation, params } = call
  const version = params.version ?? ''
  const respond = (status: number, parts: Parameters<typeof parserEnvelope>[1]): ProviderResponse => ({
    status,
    body: parserEnvelope({ version, release }, parts),
  })
  const failWith = ({ status, code, error }: Failed) =>
    respond(status, { errors: [parserError(operation, code, error)] })

  // Does not use the controller, so neither token nor controller matter.
  if (operation === 'ping')
    return respond(200, { rest: { pings: [{ hostname: 'sandbox', pinged: 'UP', mode: 'primary' }] } })
  if (operation === 'job.submit' && !isRecord(call.json)) return unreadableQuery
  if (!/^[1-9]\d*$/.test(params.id ?? '1')) return respond(422, { errors: [unparsableParameters] })
  if (deps.settings.isControllerDown) return failWith(withoutController(operation, deps.settings))
  if (caller === null) return failWith(rejectedToken)
  try {
    return respond(200, operations[operation]?.(deps, { ...call, version }, caller) ?? {})
  } catch (error) {
    if (!(error instanceof Rejected)) throw error
    return failWith(failedBy(error, operation, release))
  }
}

function failedBy(rejected: Rejected, operation: string, release: string): Failed {
  const [{ code, error } = { code: -1, error: '' }] = rejected.errors
  if (operation === 'job.cancel' && code === 2002) return notPermitted(release)
  return { status: code >= 9000 ? rejected.status : statusOf(rejected, release), code, error }
}

function cancelCode(cancel: () => 'killed' | 'ended'): number {
  try {
    return cancel() === 'ended' ? 2021 : 0
  } catch (error) {
    if (error instanceof Rejected && error.errors[0]?.code === 2017) return 2017
    throw error
  }
}

function submitWarnings(error: string): readonly Warning[] {
  const source = 'slurm_submit_batch_job()'
  return [
    { description: `Job submission resulted in non-zero return code: ${error}`, source },
    { description: error, source },
  ]
}

function noChanges(since: number): Warning {
  const at = new Date(since * 1000).toISOString().slice(0, 19)
  return { description: `No job changes since update_time[${since}]=${at}`, source: 'op_handler_jobs' }
}

function loadedAt(now: number): object {
  return { last_backfill: wrapped(0), last_update: wrapped(Math.floor(now / 1000)) }
}
