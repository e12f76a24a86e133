import type { Actor } from '../../vocabulary/actor.ts'
import { ApiError } from '../../vocabulary/api-error.ts'
import type {
  AttentionFilter,
  AttentionItem,
  AttentionPosition,
  AttentionRepository,
} from '../store/attention.repository.ts'
import type { Workload } from '../workload.ts'
import type { Resolution, Resolve } from './resolve.ts'

/** Most workloads of one request. */
export const maxResolutions = 200
/** Workloads that are resolved concurrently. */
const concurrency = 4

/** A decision that applies to many workloads; that about an object applies to one. */
export type SharedResolution = Exclude<Resolution, { remoteId: string }>

export interface AttentionResolveRequest {
  by: Actor
  filter: AttentionFilter
  resolution: SharedResolution
  after: AttentionPosition | null
  limit: number
  /** Nothing is changed. */
  isDryRun: boolean
}

/**
 * `resolvable`: a dry run would resolve it. `not_applicable`: the resolution does not fit it, or it has changed in the
 * meantime. `too_early`: the create may still be executed. `failed`: an unexpected error; repeat the request.
 */
export type ResolutionResult = 'resolved' | 'resolvable' | 'not_applicable' | 'too_early' | 'failed'

export interface ResolvedItem {
  item: AttentionItem
  result: ResolutionResult
  detail: string | null
}

interface Deps {
  attention: AttentionRepository
  resolve: Resolve
  onError(error: unknown, id: string): void
}

export type ResolveAttention = ReturnType<typeof makeResolveAttention>

/** Resolves workloads of all projects. Each is a transaction of its own, so an interrupted request can be repeated. */
export function makeResolveAttention({ attention, resolve, onError }: Deps) {
  async function resolveOne(
    by: Actor,
    { id, kind, projectId }: AttentionItem,
    resolution: Resolution,
    ifVersions: readonly number[] | null,
  ): Promise<Workload> {
    return resolve(kind, { projectId, by, id, ifVersions }, resolution)
  }

  async function attempt(by: Actor, item: AttentionItem, resolution: SharedResolution): Promise<ResolvedItem> {
    try {
      // What was listed is resolved: of two requests, only one.
      await resolveOne(by, item, resolution, [item.version])
      return { item, result: 'resolved', detail: null }
    } catch (error) {
      if (error instanceof ApiError) return { item, result: 'not_applicable', detail: error.message }
      onError(error, item.id)
      return { item, result: 'failed', detail: 'Internal error. Repeat the request; the service log has details.' }
    }
  }

  return {
    async one(
      target: { id: string; by: Actor; ifVersions: readonly number[] | null },
      resolution: Resolution,
    ): Promise<{ item: AttentionItem; workload: Workload }> {
      const item = await attention.get(target.id)
      if (item === null) throw noAttention(target.id)
      const problem = problemWith(item, resolution)
      if (problem !== null) throw new ApiError('conflict', problem.detail)
      return { item, workload: await resolveOne(target.by, item, resolution, target.ifVersions) }
    },

    /** Longest waiting first. */
    async many(request: AttentionResolveRequest): Promise<{ items: ResolvedItem[]; next: AttentionPosition | null }> {
      const { by, filter, resolution, after, limit, isDryRun } = request
      const { found, next } = await attention.list(filter, { after, limit })
      const items: ResolvedItem[] = []
      for (let start = 0; start < found.length; start += concurrency) {
        const group = found.slice(start, start + concurrency).map(async (item): Promise<ResolvedItem> => {
          const problem = problemWith(item, resolution)
          if (problem !== null) return { item, ...problem }
          return isDryRun ? { item, result: 'resolvable', detail: null } : attempt(by, item, resolution)
        })
        items.push(...(await Promise.all(group)))
      }
      return { items, next }
    },
  }
}

/** Why the resolution cannot be applied; null if it can. Checked again under the lock of the row. */
export function problemWith(
  item: AttentionItem,
  resolution: Resolution,
): { result: 'not_applicable' | 'too_early'; detail: string } | null {
  const no = (detail: string) => ({ result: 'not_applicable' as const, detail: `${item.id}: ${detail}` })
  if ('status' in resolution)
    return item.state === 'unknown' ? null : no('only a job with status unknown can get a final status.')
  if ('outcome' in resolution && resolution.outcome === 'retry')
    return item.state === 'parked' ? null : no('only a parked workload can be retried.')
  if (!item.isCreateOpen) return no('only an open create can be resolved with its object or with `not_created`.')
  if ('remoteId' in resolution) return null
  const { absenceConclusiveAt: at } = item
  if (at === null || at <= item.now) return null
  const detail = `${item.id}: its create may still be executed. \`not_created\` is possible from ${at.toISOString()}.`
  return { result: 'too_early', detail }
}

export function noAttention(id: string): ApiError {
  return new ApiError(
    'not_found',
    `${id} does not exist, or needs no operator: it is neither parked nor of unknown outcome. See GET /attention.`,
  )
}
