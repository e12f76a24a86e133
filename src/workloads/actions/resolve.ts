import type { IdSpaceOf } from '../../connections/id-spaces.ts'
import { ApiError } from '../../vocabulary/api-error.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { WorkloadKinds } from '../kind.ts'
import type { ChangeNotifier } from '../ports.ts'
import { nameOf } from '../store/holders.repository.ts'
import type { ReadsRepository } from '../store/reads.repository.ts'
import type { Workload } from '../workload.ts'
import type { ResolutionsRepository } from './resolutions.repository.ts'
import { requireVersion, type Target } from './workload-service.ts'

/** What an operator found: the object, that nothing was created, or the final status; `retry`: to be processed again. */
export type Resolution =
  | { remoteId: string }
  | { outcome: 'not_created' | 'retry' }
  | { status: 'succeeded' | 'failed' | 'canceled' }

export interface ResolveDeps {
  kinds: WorkloadKinds
  reads: Pick<ReadsRepository, 'get'>
  idSpaceOf: IdSpaceOf
  resolutions: ResolutionsRepository
  notifier: ChangeNotifier
  hint(connectionId: string): void
}

export type Resolve = ReturnType<typeof makeResolve>

/** Resolves an unknown outcome. The engine continues from the decision: it adopts the object or creates again. */
export function makeResolve({ kinds, reads, idSpaceOf, resolutions, notifier, hint }: ResolveDeps) {
  return async function resolve<K extends Kind>(kind: K, target: Target, resolution: Resolution): Promise<Workload<K>> {
    const workload = await reads.get(target.projectId, kind, target.id)
    if (workload === null) throw new ApiError('not_found', `There is no ${kind} ${target.id} in this project.`)
    requireVersion(workload, target.ifVersions)
    const isDone = await apply(workload)
    if (!isDone) throw nothingToResolve(workload)
    notifier.changed([target.projectId, target.id])
    hint(workload.connectionId)
    return (await reads.get(target.projectId, kind, target.id)) ?? workload

    async function apply(current: Workload<K>): Promise<boolean> {
      if ('status' in resolution) return setFinal(current, resolution.status)
      if ('remoteId' in resolution) return resolveOpen(current, resolution)
      if (resolution.outcome === 'retry') return resolutions.retryParked({ ...target, kind, version: current.version })
      return resolveOpen(current, { outcome: resolution.outcome })
    }

    async function setFinal(unknown: Workload<K>, status: string): Promise<boolean> {
      return (
        unknown.status === 'unknown' &&
        resolutions.resolveUnknown({ ...target, kind, version: unknown.version }, { from: 'unknown', to: status })
      )
    }

    async function resolveOpen(
      open: Workload<K>,
      decided: { remoteId: string } | { outcome: 'not_created' },
    ): Promise<boolean> {
      const holder = await resolutions.resolveAttempt(
        { ...target, kind, version: open.version },
        kinds[kind].dispatchingStatus,
        'remoteId' in decided
          ? { outcome: 'recovered', ...decided, ...(await idSpaceOf(open.connectionId, kind)) }
          : { outcome: 'not_created', remoteId: null },
      )
      if (typeof holder === 'boolean') return holder
      throw new ApiError('conflict', isHeld(decided, nameOf(holder, target.projectId)))
    }
  }
}

function isHeld(decided: Resolution, holder: string): string {
  const object = 'remoteId' in decided ? decided.remoteId : ''
  return `Object ${object} is ${holder} already, through this connection or another one to the same account. Check the id of the object.`
}

function nothingToResolve(workload: Workload): ApiError {
  const detail = `${workload.id} is ${workload.status}${workload.reason === null ? '' : ` (${workload.reason})`}. Only an open create or a job with an unknown outcome can be resolved, and \`not_created\` only after the send deadline and the maximum processing time. A worker may be processing it: re-read it and retry.`
  return new ApiError('conflict', detail)
}
