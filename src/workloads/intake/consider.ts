import type { Driver } from '../../providers/driver.ts'
import { checkSpec, withDefaults } from '../../providers/field-rules.ts'
import { filled, reportedForSecrets, type Variables } from '../../secrets/secret-variables.ts'
import { ApiError, type ValidationError } from '../../vocabulary/api-error.ts'
import type { Kind, Spec } from '../../vocabulary/kinds.ts'
import { type SpecProblem, withoutEmptyFields } from '../../vocabulary/spec-rules.ts'
import type { OpenConnection } from '../ports.ts'
import type { Workload } from '../workload.ts'
import { environmentNamed, environmentProblems } from './job-environment.ts'
import type { Submission, SubmitDeps } from './submission.ts'

export type ConsiderDeps = Pick<SubmitDeps, 'resolveConnection'> & { reads: Pick<SubmitDeps['reads'], 'get'> }

/** A request checked against its provider: what would be recorded, and its validation errors. */
export interface Considered<K extends Kind> {
  connectionId: string
  opened: OpenConnection
  driver: Driver<K>
  environment: Workload<'environment'> | null
  spec: Spec<K>
  secretVariables: Variables
  problems: readonly SpecProblem[]
}

/** Throws an ApiError if the request would not be accepted. */
export async function considerAcceptable<K extends Kind>(
  deps: ConsiderDeps,
  submission: Pick<Submission<K>, 'projectId' | 'kind' | 'body'>,
): Promise<Considered<K>> {
  const considered = await consider(deps, submission)
  if (considered.problems.length > 0) throw unsupportedRequest(considered.problems)
  return considered
}

/** Checks a request against its provider. Throws an ApiError if it names no usable connection or environment. */
export async function consider<K extends Kind>(
  deps: ConsiderDeps,
  { projectId, kind, body }: Pick<Submission<K>, 'projectId' | 'kind' | 'body'>,
): Promise<Considered<K>> {
  const { connectionId, provider, environmentId, labels: _, secretVariables = {}, ...requested } = body
  const environment = environmentId === undefined ? null : await environmentNamed(deps.reads, projectId, environmentId)
  // The environment determines the connection; another provider is rejected below.
  const isOfProvider = provider === undefined || provider === environment?.provider
  const target = connectionId ?? (isOfProvider ? environment?.connectionId : undefined)
  const connection = await deps.resolveConnection(projectId, {
    ...(target === undefined ? {} : { connectionId: target }),
    ...(provider === undefined ? {} : { provider }),
  })
  const driver = connection.opened.driver(kind)
  if (driver === undefined) throw noSuchKind(connection.opened.provider, kind)
  const switches = driver.switchOptions?.map((option) => `/providerOptions/${connection.opened.provider}/${option}`)
  const plain = withDefaults(driver.accepts, withoutEmptyFields(requested as Spec<K>, new Set(switches)))
  const jobTarget = {
    connectionId: connection.id,
    provider: connection.opened.provider,
    environmentUse: driver.environment,
  }
  const { spec, problems } = checkWithSecrets({ ...driver, ...jobTarget }, plain, secretVariables)
  return {
    ...{ connectionId: connection.id, opened: connection.opened, driver, environment, spec, secretVariables },
    problems: [...problems, ...environmentProblems(jobTarget, environment)],
  }
}

/** Secrets follow the rules of environment variables, which they become. The spec holds only their names. */
function checkWithSecrets<K extends Kind>(
  rules: Parameters<typeof checkSpec<K>>[0],
  spec: Spec<K>,
  secretVariables: Variables,
): { spec: Spec<K>; problems: readonly SpecProblem[] } {
  const secretVariableNames = Object.keys(secretVariables).sort()
  if (secretVariableNames.length === 0) return { spec, problems: checkSpec(rules, spec) }
  const problems = checkSpec(rules, filled(spec, secretVariables))
  return {
    spec: { ...spec, secretVariableNames },
    problems: reportedForSecrets(problems, secretVariables, spec.environmentVariables),
  }
}

function unsupportedRequest(problems: readonly SpecProblem[]): ApiError {
  const errors: ValidationError[] = problems.map((problem) => ({ in: 'body', ...problem }))
  const isUnsupported = problems.every((problem) => problem.code === 'unsupported')
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  return new ApiError(isUnsupported ? 'unsupported' : 'unprocessable', `${problems[0]?.detail ?? ''}${more}`, {
    errors,
  })
}

function noSuchKind(provider: string, kind: Kind): ApiError {
  const detail = `Provider ${provider} does not support ${kind}s for this connection. See GET /providers/${provider}.`
  return new ApiError('unsupported', detail, {
    errors: [{ in: 'body', pointer: '/connectionId', code: 'unsupported', detail }],
  })
}
