import { providerApiError } from '../../connections/provider-api-error.ts'
import type { Driver } from '../../providers/driver.ts'
import { pointerTo } from '../../providers/error-field-mapping.ts'
import type { Intent, PlannedRequest } from '../../providers/intent.ts'
import { ProviderError, type ProviderErrorCode } from '../../providers/provider-error.ts'
import { masked } from '../../secrets/secret-variables.ts'
import { ApiError } from '../../vocabulary/api-error.ts'
import type { Kind, Spec } from '../../vocabulary/kinds.ts'
import type { SpecProblem } from '../../vocabulary/spec-rules.ts'
import type { Workload } from '../workload.ts'
import { makeCorrelationTag } from './admission.ts'
import { type ConsiderDeps, type Considered, consider } from './consider.ts'
import type { Submission } from './submission.ts'

export interface PreviewDeps extends ConsiderDeps {
  installationTag: string
  callTimeoutMs: number
}

export interface PreviewResult<K extends Kind> {
  problems: readonly SpecProblem[]
  effectiveRequest: Spec<K>
  /** Null if the request is invalid. */
  request: (PlannedRequest & { url: string }) | null
  /** Whether the provider would accept it; null without a dry run. */
  isAccepted: boolean | null
}

export type Preview = ReturnType<typeof makePreview>

/** Checks a request without storing it. */
export function makePreview(deps: PreviewDeps) {
  /** @param withDryRun also sends the provider a dry run of the create, with secret variables redacted */
  return async <K extends Kind>(submission: Submission<K>, withDryRun: boolean): Promise<PreviewResult<K>> => {
    const considered = await consider(deps, submission)
    const { driver, problems, spec, opened } = considered
    if (withDryRun && driver.dryRun === undefined) throw noDryRun(opened.provider, submission.kind)
    if (problems.length > 0) return { problems, effectiveRequest: spec, request: null, isAccepted: null }
    const intent = intentOf(deps, considered)
    const planned = driver.plan(intent)
    const request = { ...planned, url: opened.origin + planned.target }
    if (!withDryRun) return { problems, effectiveRequest: spec, request, isAccepted: null }
    const rejection = await dryRun(considered, intent, AbortSignal.timeout(deps.callTimeoutMs))
    const rejected = rejection === null ? [] : [rejection]
    return { problems: rejected, effectiveRequest: spec, request, isAccepted: rejection === null }
  }
}

function intentOf<K extends Kind>(
  { installationTag }: PreviewDeps,
  { driver, spec, secretVariables, environment }: Considered<K>,
): Intent<K> {
  return {
    correlationTag: makeCorrelationTag(driver.tagLength, installationTag),
    spec: spec.secretVariableNames === undefined ? spec : masked(spec, secretVariables),
    environmentRemoteId: environment === null ? null : remoteIdShown(environment),
    before: null,
    sendBy: { at: new Date(0), monotonicMs: 0 },
    firstSentAt: new Date(0),
  }
}

/** An example id, if the environment does not exist yet. */
function remoteIdShown({ id, remoteId }: Workload<'environment'>): string {
  return remoteId ?? `remote-id-of-${id}`
}

/** Errors that concern the request. The others leave open whether it would be accepted. */
const requestErrors: ReadonlySet<ProviderErrorCode> = new Set([
  'invalid_request',
  'permission_denied',
  'not_found',
  'conflict',
  'unsupported',
  'quota_exceeded',
  'no_capacity',
])

/** Why the provider would reject the create, or null. Throws an ApiError if that is unknown. */
async function dryRun<K extends Kind>(
  { driver, spec, opened }: { driver: Driver<K>; spec: Spec<K>; opened: { provider: string } },
  intent: Intent<K>,
  signal: AbortSignal,
): Promise<SpecProblem | null> {
  try {
    await driver.dryRun?.(intent, signal)
    return null
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    if (!requestErrors.has(error.code)) throw providerApiError(opened.provider, error)
    const { parameter, message: detail } = error
    const pointer = parameter === undefined ? undefined : pointerTo(driver.accepts, spec, parameter)
    return { pointer: pointer ?? '', code: 'rejected', detail }
  }
}

function noDryRun(provider: string, kind: Kind): ApiError {
  const detail = `Provider ${provider} has no dry run for a ${kind}. Leave out \`askProvider\`.`
  return new ApiError('unsupported', detail, {
    errors: [{ in: 'query', pointer: 'askProvider', code: 'unsupported', detail }],
  })
}
