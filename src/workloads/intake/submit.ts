import type { PlannedRequest } from '../../providers/intent.ts'
import { masked } from '../../secrets/secret-variables.ts'
import { ApiError } from '../../vocabulary/api-error.ts'
import type { Kind, Spec } from '../../vocabulary/kinds.ts'
import type { SpecProblem } from '../../vocabulary/spec-rules.ts'
import type { Workload } from '../workload.ts'
import { hashOf, keyedFingerprintOf, makeCorrelationTag } from './admission.ts'
import { type Considered, consider, considerAcceptable } from './consider.ts'
import { newWorkload } from './new-workload.ts'
import { asRecorded } from './recorded.ts'
import type { Submission, SubmitDeps, Submitted } from './submission.ts'

export interface PreviewResult<K extends Kind> {
  problems: readonly SpecProblem[]
  effectiveRequest: Spec<K>
  request: (PlannedRequest & { url: string }) | null
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

/**
 * The statement that records a request also checks its key. A request that would fail is checked first: a repeat
 * returns its record, even if its connection or environment has changed since.
 */
async function considerOrReplay<K extends Kind>(
  deps: SubmitDeps,
  submission: Submission<K>,
): Promise<Considered<K> | Submitted<K>> {
  try {
    return await considerAcceptable(deps, submission)
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
