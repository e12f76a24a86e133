import { isRecord } from '../fields.ts'
import type { Call, EmulationContext, Operation, ProviderResponse } from '../provider.ts'
import { isDataParser, unknownPath } from './data-parser-responses.ts'
import { parserResponse } from './data-parser-routes.ts'
import { jobView, partitionView } from './job-view.ts'
import { makeJobOperations } from './jobs.ts'
import { envelope, noController, numbered, Rejected, unknownUrl, unreadableQuery } from './responses.ts'
import { readRequest } from './rules.ts'
import { callerOf } from './tokens.ts'
import { cluster, type JobData, type SlurmAccount, type SlurmSettings } from './wire.ts'

/** Errors before an operation begins: reads return -1, other calls report that the controller closed the connection. */
const sources: Readonly<Record<string, readonly [source: string, description: string]>> = {
  'job.get': ['slurm_load_job', 'Unable to find JobId'],
  'job.list': ['slurm_load_jobs', 'Failed while looking for jobs'],
  'partition.list': ['slurm_load_partitions', 'Failed while looking for partitions'],
  ping: ['slurm_load_ctl_conf', 'slurmctld config is unable to load'],
}

type Route = Pick<Operation, 'name' | 'method' | 'path' | 'isList'>
type Execute = (caller: SlurmAccount, call: Call) => Executed

interface Executed {
  errors?: readonly object[]
  rest?: object
}

/** Every emulated operation of slurmrestd. */
export function slurmOperations(
  { world, settings }: EmulationContext<SlurmSettings>,
  accounts: readonly SlurmAccount[],
): Operation[] {
  const jobs = makeJobOperations({ world, settings, jobs: world.collection<JobData>('slurm', 'job') })
  const served = () => settings.versions.split(',')
  const parser = { jobs, settings, now: () => world.now() }

  const define = (operation: Route, execute: Execute): Operation => ({
    ...operation,
    path: `/slurm/:version${operation.path}`,
    subjects: ({ params, json }) => [params.id, isRecord(json) && isRecord(json.job) ? json.job.name : undefined],
    handle(call) {
      const { version = '' } = call.params
      if (!served().includes(version)) return unserved(settings)
      if (isDataParser(version)) return parserResponse(parser, call, callerOf(call, accounts))
      if (operation.method === 'POST' && !isRecord(call.json)) return unreadableQuery
      return responseTo(call, () => execute(callerFor(call, accounts, settings), call))
    },
  })

  return [
    {
      name: 'openapi',
      method: 'GET',
      path: '/openapi/v3',
      handle: () => ({ status: 200, body: description(served()) }),
    },
    define({ name: 'ping', method: 'GET', path: '/ping' }, () => ({
      rest: { pings: [{ hostname: 'sandbox', ping: 'UP', status: 0, mode: 'primary' }] },
    })),
    define({ name: 'job.submit', method: 'POST', path: '/job/submit' }, (caller, { json }) => {
      const request = readRequest(json as Record<string, unknown>)
      const { jobId, errors } = jobs.submit(caller, { request, creation: json })
      const rest = { job_id: jobId, step_id: 'BATCH', job_submit_user_msg: '' }
      return { errors: errors.map((each) => numbered(each, true)), rest }
    }),
    define({ name: 'job.get', method: 'GET', path: '/job/:id' }, (_caller, { params }) => ({
      rest: { jobs: [jobView(jobs.read(numericId(params.id)), world.now(), settings)] },
    })),
    define({ name: 'job.list', method: 'GET', path: '/jobs', isList: true }, (_caller, call) => ({
      rest: { jobs: jobs.list(call).map((job) => jobView(job, world.now(), settings)) },
    })),
    define({ name: 'job.cancel', method: 'DELETE', path: '/job/:id' }, (caller, { params, query }) => {
      jobs.cancel(caller, params.id ?? '', query)
      return {}
    }),
    define({ name: 'partition.list', method: 'GET', path: '/partitions', isList: true }, () => ({
      rest: { partitions: cluster.partitions.map(partitionView) },
    })),
  ]
}

/** The response to a path that is not served, which differs by release. */
export function unserved({ versions, release }: SlurmSettings): ProviderResponse {
  return isDataParser(versions.split(',').at(-1)) ? unknownPath(release) : unknownUrl
}

function numericId(id = ''): string {
  if (/^\d+$/.test(id)) return id
  const error = 'Jobs description entry not found, empty or not dictionary or list'
  const description = `Unable to find JobId=${id}`
  throw new Rejected(400, { code: 9002, error, description, source: '_handle_job_get' })
}

function responseTo({ operation, params }: Call, execute: () => Executed): ProviderResponse {
  const { version = '' } = params
  try {
    const { errors = [], rest } = execute()
    return { status: 200, body: envelope(version, errors, rest) }
  } catch (error) {
    if (!(error instanceof Rejected)) throw error
    const errors = error.errors.map((each) => numbered(each, operation === 'job.submit'))
    return { status: error.status, body: envelope(version, errors, errorRest(operation)) }
  }
}

/** A failed read returns an empty list and its errors. */
function errorRest(operation: string): object {
  return operation === 'job.get' || operation === 'job.list' ? { jobs: [] } : {}
}

function callerFor(call: Call, accounts: readonly SlurmAccount[], { isControllerDown }: SlurmSettings): SlurmAccount {
  const caller = callerOf(call, accounts)
  if (caller !== null && !isControllerDown) return caller
  const read = sources[call.operation]
  if (read !== undefined) throw noController(...read)
  if (isControllerDown)
    throw new Rejected(500, { code: 1800, error: 'Unable to contact slurm controller (connect failure)' })
  throw new Rejected(500, { code: 5005, error: 'Zero Bytes were transmitted or received' })
}

function description(versions: readonly string[]): object {
  const paths = versions.flatMap((version) =>
    ['ping', 'jobs', 'job/{job_id}', 'job/submit', 'partitions'].map((path) => [`/slurm/${version}/${path}`, {}]),
  )
  const info = { title: 'Slurm Rest API', version: versions.at(-1)?.slice(1) ?? '' }
  return { openapi: '3.0.2', info, paths: Object.fromEntries(paths) }
}
