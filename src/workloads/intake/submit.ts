import type { Driver } from '../../providers/driver.ts'
import { checkSpec, withDefaults } from '../../providers/field-rules.ts'
import type { PlannedRequest } from '../../providers/intent.ts'
import type { SecretBox } from '../../secrets/secret-box.ts'
import { filled, masked, toldOfSecrets, type Variables } from '../../secrets/secret-variables.ts'
import type { Actor } from '../../vocabulary/actor.ts'
import { ApiError, type ValidationError } from '../../vocabulary/api-error.ts'
import { makeId } from '../../vocabulary/ids.ts'
import type { Json } from '../../vocabulary/json.ts'
import type { Kind, Spec } from '../../vocabulary/kinds.ts'
import { type SpecProblem, withoutEmptyFields } from '../../vocabulary/spec-rules.ts'
import type { WorkloadKinds } from '../kind.ts'
import type { ChangeNotifier, OpenConnection } from '../ports.ts'
import type { ReadsRepository } from '../store/reads.repository.ts'
import type { Workload } from '../workload.ts'
import type { NewWorkload } from './admission.repository.ts'
import { type Admission, hashOf, keyedFingerprintOf, makeCorrelationTag } from './admission.ts'
import { environmentNamed, environmentProblems } from './job-environment.ts'
import { asRecorded } from './recorded.ts'

/** A validated request: its target, and the rest, which is the spec. */
export interface Submission<K extends Kind> {
  projectId: string
  by: Actor
  kind: K
  body: SubmissionBody<K>
  /** The `Idempotency-Key`, if sent. */
  key: string | null
}

export type SubmissionBody<K extends Kind> = Spec<K> & {
  connectionId?: string
  provider?: string
  environmentId?: string
  labels?: Readonly<Record<string, string>>
  /** Never part of the spec: sealed beside the record and opened for the call. */
  secretVariables?: Variables
}

/** Finds the connection of a request. Throws an ApiError if none or several match. */
export type ResolveConnection = (
  projectId: string,
  target: { connectionId?: string; provider?: string },
) => Promise<{ id: string; opened: OpenConnection }>

export interface SubmitDeps {
  kinds: WorkloadKinds
  reads: Pick<ReadsRepository, 'get'>
  resolveConnection: ResolveConnection
  admission: Admission
  secretBox: Pick<SecretBox, 'seal' | 'digest'>
  notifier: ChangeNotifier
  /** Wakes the workers; never awaited, never fails. */
  hint(connectionId: string): void
  installationTag: string
  keyTtlHours: number
}

/** A request checked against its provider: what would be recorded, and its validation errors. */
interface Considered<K extends Kind> {
  connectionId: string
  opened: OpenConnection
  driver: Driver<K>
  environment: Workload<'environment'> | null
  spec: Spec<K>
  secretVariables: Variables
  problems: readonly SpecProblem[]
}

export interface PreviewResult<K extends Kind> {
  problems: readonly SpecProblem[]
  effectiveRequest: Spec<K>
  request: (PlannedRequest & { url: string }) | null
}

export interface Submitted<K extends Kind> {
  workload: Workload<K>
  isReplay: boolean
}

export type Submit = ReturnType<typeof makeSubmit>

/** Accepts requests: validates them against their provider, records them, wakes the workers. */
export function makeSubmit(deps: SubmitDeps) {
  return {
    /** Resolves once the request is stored durably. Unsupported fields fail and are never ignored. */
    async submit<K extends Kind>(submission: Submission<K>): Promise<Submitted<K>> {
      const { projectId, kind } = submission
      const considered = await considerOrReplay(deps, submission)
      if ('isReplay' in considered) return considered
      const created = newWorkload(deps, submission, considered)
      const { id, createdAt, isReplay } = await deps.admission.admit(created)
      if (!isReplay) {
        deps.notifier.changed([projectId])
        deps.hint(considered.connectionId)
        return { workload: asRecorded(kind, created, createdAt), isReplay }
      }
      const workload = await deps.reads.get(projectId, kind, id)
      if (workload === null) throw new Error(`${id} was admitted and is not there`)
      return { workload, isReplay }
    },

    /** Dry run. Nothing is stored or sent. */
    async preview<K extends Kind>(submission: Submission<K>): Promise<PreviewResult<K>> {
      const { driver, problems, spec, secretVariables, environment, opened } = await consider(deps, submission)
      if (problems.length > 0) return { problems, effectiveRequest: spec, request: null }
      const planned = driver.plan({
        correlationTag: makeCorrelationTag(driver.tagLength, deps.installationTag),
        spec: spec.secretVariableNames === undefined ? spec : masked(spec, secretVariables),
        environmentRemoteId: environment === null ? null : remoteIdShown(environment),
        before: null,
        sendBy: { at: new Date(0), monotonicMs: 0 },
        firstSentAt: new Date(0),
      })
      return { problems, effectiveRequest: spec, request: { ...planned, url: opened.origin + planned.target } }
    },
  }
}

/** An example id, if the environment does not exist yet. */
function remoteIdShown({ id, remoteId }: Workload<'environment'>): string {
  return remoteId ?? `remote-id-of-${id}`
}

function acceleratorsOf({ resources }: Pick<Spec<Kind>, 'resources'>): number {
  return (resources?.accelerator?.count ?? 0) * (resources?.nodes ?? 1)
}

/**
 * The statement that records a request also checks its key. A request that would fail is checked first: a repeat
 * returns its record, even if its connection or environment has changed since.
 */
async function considerOrReplay<K extends Kind>(
  deps: SubmitDeps,
  submission: Submission<K>,
): Promise<Considered<K> | Submitted<K>> {
  try {
    const considered = await consider(deps, submission)
    if (considered.problems.length > 0) throw notHonoured(considered.problems)
    return considered
  } catch (error) {
    const earlier = error instanceof ApiError ? await replayOf(deps, submission) : null
    if (earlier === null) throw error
    return { workload: earlier, isReplay: true }
  }
}

async function replayOf<K extends Kind>(
  { admission, reads, secretBox }: SubmitDeps,
  { projectId, kind, body, key }: Submission<K>,
): Promise<Workload<K> | null> {
  if (key === null) return null
  const holder = await admission.holderOf({
    projectId,
    kind,
    hash: hashOf(key),
    ...keyedFingerprintOf(body, secretBox),
  })
  return holder === null ? null : reads.get(projectId, kind, holder)
}

async function consider<K extends Kind>(
  deps: SubmitDeps,
  { projectId, kind, body }: Submission<K>,
): Promise<Considered<K>> {
  const { connectionId, provider, environmentId, labels: _, secretVariables = {}, ...asked } = body
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
  const plain = withDefaults(driver.accepts, withoutEmptyFields(asked as Spec<K>, new Set(switches)))
  const place = { connectionId: connection.id, provider: connection.opened.provider, takes: driver.environment }
  const { spec, problems } = checkWithSecrets({ ...driver, ...place }, plain, secretVariables)
  return {
    ...{ connectionId: connection.id, opened: connection.opened, driver, environment, spec, secretVariables },
    problems: [...problems, ...environmentProblems(place, environment)],
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
    problems: toldOfSecrets(problems, secretVariables, spec.environmentVariables),
  }
}

function newWorkload<K extends Kind>(
  { kinds, installationTag, keyTtlHours, secretBox }: SubmitDeps,
  { projectId, by, kind, body, key }: Submission<K>,
  { connectionId, opened, driver, environment, spec, secretVariables }: Considered<K>,
): NewWorkload {
  const id = makeId(kind)
  return {
    id,
    eventId: makeId('event'),
    by,
    projectId,
    kind,
    provider: opened.provider,
    connectionId,
    environmentId: environment?.id ?? null,
    name: spec.name,
    labels: body.labels ?? {},
    spec: spec as Json,
    correlationTag: makeCorrelationTag(driver.tagLength, installationTag),
    status: kinds[kind].waiting,
    imported: false,
    remoteId: null,
    accelerators: acceleratorsOf(spec),
    ...(spec.secretVariableNames === undefined ? {} : { sealedSecrets: secretBox.seal(id, secretVariables) }),
    key: key === null ? null : { hash: hashOf(key), ...keyedFingerprintOf(body, secretBox), ttlHours: keyTtlHours },
  }
}

function notHonoured(problems: readonly SpecProblem[]): ApiError {
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
