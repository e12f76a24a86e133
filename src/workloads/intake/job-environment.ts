import type { Driver } from '../../providers/driver.ts'
import { ApiError } from '../../vocabulary/api-error.ts'
import { statusesRejectingJobs } from '../../vocabulary/environment.ts'
import type { SpecProblem } from '../../vocabulary/spec-rules.ts'
import type { ReadsRepository } from '../store/reads.repository.ts'
import type { Workload } from '../workload.ts'

/** Checks of the environment that a job names: whether it exists, accepts jobs, and is supported by the provider. */

/** Throws an ApiError if it does not exist or accepts no jobs. */
export async function environmentNamed(
  reads: Pick<ReadsRepository, 'get'>,
  projectId: string,
  id: string,
): Promise<Workload<'environment'>> {
  const environment = await reads.get(projectId, 'environment', id)
  if (environment === null) {
    const detail = `There is no environment ${id} in this project. See GET /environments.`
    throw new ApiError('unprocessable', detail, {
      errors: [{ in: 'body', pointer: '/environmentId', code: 'unprocessable', detail }],
    })
  }
  if (environment.desired === 'delete' || statusesRejectingJobs.has(environment.status))
    throw acceptsNoJobs(environment)
  return environment
}

function acceptsNoJobs({ id, status, remoteId, desired }: Workload<'environment'>): ApiError {
  const isDeleted = desired === 'delete' || status !== 'failed'
  const what = isDeleted && status !== 'deleted' ? 'being deleted' : status
  const mayRecover = !isDeleted && remoteId !== null
  const todo = mayRecover
    ? `Start it (POST /environments/${id}/start) and submit the job when it runs, or use another environment.`
    : 'Use another environment.'
  return new ApiError('conflict', `Environment ${id} is ${what} and does not accept jobs. ${todo}`)
}

interface JobTarget {
  connectionId: string
  provider: string
  /** How jobs of this driver use environments. */
  environmentUse: Driver['environment']
}

/** Validation errors of a job with or without an environment over this connection. */
export function environmentProblems(
  { connectionId, provider, environmentUse }: JobTarget,
  environment: Workload<'environment'> | null,
): SpecProblem[] {
  const pointer = '/environmentId'
  if (environment === null) {
    if (environmentUse !== 'required') return []
    const detail = `Jobs of ${provider} run in an environment: specify \`environmentId\`.`
    return [{ pointer, code: 'required', detail }]
  }
  if (environmentUse === undefined) {
    const detail = `Provider ${provider} does not support \`environmentId\`. Remove it.`
    return [{ pointer, code: 'unsupported', detail }]
  }
  if (environment.connectionId === connectionId) return []
  const detail = `Environment ${environment.id} belongs to connection ${environment.connectionId}, not ${connectionId}. Specify that connection, or omit it.`
  return [{ pointer, code: 'unprocessable', detail }]
}
