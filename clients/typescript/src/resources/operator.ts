import { type Api, type CallOptions, type ChangeOptions, ifMatch } from '../api.ts'
import { type List, makeList, withCursor } from '../paging.ts'
import type {
  AttentionFilter,
  AttentionItem,
  AttentionPage,
  AttentionResolveRequest,
  AttentionResolveResult,
  CandidateReport,
  CreationHold,
  CreationHoldFilter,
  CreationHoldRequest,
  ResolvedWorkload,
  WorkloadResolution,
} from '../types.ts'

export interface Attention {
  /** Workloads that wait for an operator in all projects, longest waiting first. */
  list(filter?: AttentionFilter, options?: CallOptions): List<AttentionItem, AttentionPage>
  /** Searches the provider for the object of an open create. */
  candidates(id: string, options?: CallOptions): Promise<CandidateReport>
  /** Resolves a job or an environment of any project. */
  resolve(id: string, resolution: WorkloadResolution, options?: ChangeOptions): Promise<ResolvedWorkload>
  /** Resolves the workloads that match a filter, up to a limit: continue with `nextCursor`. */
  resolveMatching(request: AttentionResolveRequest, options?: CallOptions): Promise<AttentionResolveResult>
}

export function makeAttention(api: Api): Attention {
  const at = (id: string) => ({ path: { id } })
  return {
    list: (filter = {}, options) =>
      makeList<AttentionItem, AttentionPage>((cursor) => {
        const params = { query: withCursor(filter, cursor) }
        return api.call((http, init) => http.GET('/attention', { ...init, params }), options)
      }, filter.cursor),
    candidates: (id, options) =>
      api.call((http, init) => http.GET('/attention/{id}/candidates', { ...init, params: at(id) }), options),
    resolve: (id, body, options) =>
      api.call((http, init) => http.POST('/attention/{id}/resolve', { ...init, params: at(id), body }), options, {
        headers: ifMatch(options),
      }),
    resolveMatching: (body, options) =>
      api.call((http, init) => http.POST('/attention/resolve', { ...init, body }), options, { isRepeatable: true }),
  }
}

export interface CreationHolds {
  create(request: CreationHoldRequest, options?: CallOptions): Promise<CreationHold>
  list(filter?: CreationHoldFilter, options?: CallOptions): List<CreationHold>
  get(id: string, options?: CallOptions): Promise<CreationHold>
  /** Workloads that wait for it become due. */
  release(id: string, options?: CallOptions): Promise<CreationHold>
}

export function makeCreationHolds(api: Api): CreationHolds {
  const at = (id: string) => ({ path: { id } })
  return {
    create: (body, options) => api.call((http, init) => http.POST('/creation-holds', { ...init, body }), options),
    list: (filter = {}, options) =>
      makeList((cursor) => {
        const params = { query: withCursor(filter, cursor) }
        return api.call((http, init) => http.GET('/creation-holds', { ...init, params }), options)
      }, filter.cursor),
    get: (id, options) =>
      api.call((http, init) => http.GET('/creation-holds/{id}', { ...init, params: at(id) }), options),
    release: (id, options) =>
      api.call((http, init) => http.DELETE('/creation-holds/{id}', { ...init, params: at(id) }), options),
  }
}
