import { ApiError } from '../../vocabulary/api-error.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { Workload } from '../workload.ts'
import { hashOf, keyedFingerprintOf } from './admission.ts'
import { type Considered, considerAcceptable } from './consider.ts'
import { newWorkload } from './new-workload.ts'
import { asRecorded } from './recorded.ts'
import type { Submission, SubmitDeps, Submitted } from './submission.ts'

export type Submit = ReturnType<typeof makeSubmit>

/** Accepts requests: validates them against their provider, records them, wakes the workers. */
export function makeSubmit(deps: SubmitDeps) {
  /** Resolves once the request is stored durably. Unsupported fields fail and are never ignored. */
  return async <K extends Kind>(submission: Submission<K>): Promise<Submitted<K>> => {
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
  }
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
