import type { Api, CallOptions } from '../api.ts'
import { exportedLines } from '../exported-lines.ts'
import { type List, makeList, withCursor } from '../paging.ts'
import type {
  ApiKey,
  ApiKeyFilter,
  ApiKeyRequest,
  ApiKeyRotation,
  ApiKeyWithSecret,
  AuditEntry,
  AuditExportFilter,
  AuditFilter,
  PageQuery,
  Project,
  ProjectPatch,
  ProjectRequest,
} from '../types.ts'

export interface Projects {
  create(request: ProjectRequest, options?: CallOptions): Promise<Project>
  list(query?: PageQuery, options?: CallOptions): List<Project>
  get(id: string, options?: CallOptions): Promise<Project>
  update(id: string, patch: ProjectPatch, options?: CallOptions): Promise<Project>
}

export function makeProjects(api: Api): Projects {
  return {
    create: (body, options) => api.call((http, init) => http.POST('/projects', { ...init, body }), options),
    list: (query = {}, options) =>
      makeList((cursor) => {
        const params = { query: withCursor(query, cursor) }
        return api.call((http, init) => http.GET('/projects', { ...init, params }), options)
      }, query.cursor),
    get: (id, options) =>
      api.call((http, init) => http.GET('/projects/{id}', { ...init, params: { path: { id } } }), options),
    update: (id, body, options) =>
      api.call((http, init) => http.PATCH('/projects/{id}', { ...init, params: { path: { id } }, body }), options),
  }
}

export interface ApiKeys {
  /** Returns the key, which is shown only once. */
  create(request: ApiKeyRequest, options?: CallOptions): Promise<ApiKeyWithSecret>
  list(filter?: ApiKeyFilter, options?: CallOptions): List<ApiKey>
  get(id: string, options?: CallOptions): Promise<ApiKey>
  revoke(id: string, options?: CallOptions): Promise<ApiKey>
  /** Creates a successor, which is shown only once. */
  rotate(id: string, rotation?: ApiKeyRotation, options?: CallOptions): Promise<ApiKeyWithSecret>
}

export function makeApiKeys(api: Api): ApiKeys {
  const at = (id: string) => ({ path: { id } })
  return {
    create: (body, options) => api.call((http, init) => http.POST('/api-keys', { ...init, body }), options),
    list: (filter = {}, options) =>
      makeList((cursor) => {
        const params = { query: withCursor(filter, cursor) }
        return api.call((http, init) => http.GET('/api-keys', { ...init, params }), options)
      }, filter.cursor),
    get: (id, options) => api.call((http, init) => http.GET('/api-keys/{id}', { ...init, params: at(id) }), options),
    revoke: (id, options) =>
      api.call((http, init) => http.DELETE('/api-keys/{id}', { ...init, params: at(id) }), options),
    rotate: (id, body = {}, options) =>
      api.call((http, init) => http.POST('/api-keys/{id}/rotate', { ...init, params: at(id), body }), options),
  }
}

export interface Audit {
  list(filter?: AuditFilter, options?: CallOptions): List<AuditEntry>
  /** All entries but those of the last minute, oldest first, as they are read. Resumes after disconnections. */
  export(filter?: AuditExportFilter, options?: { signal?: AbortSignal }): AsyncGenerator<AuditEntry, void, void>
}

export function makeAudit(api: Api): Audit {
  return {
    list: (filter = {}, options) =>
      makeList((cursor) => {
        const params = { query: withCursor(filter, cursor) }
        return api.call((http, init) => http.GET('/audit', { ...init, params }), options)
      }, filter.cursor),
    export: ({ after, ...filter } = {}, { signal } = {}) =>
      exportedLines<AuditEntry>(
        {
          async open(position) {
            const params = { query: { ...filter, ...(position === undefined ? {} : { after: position }) } }
            const { response } = await api.send(
              (http, init) => http.GET('/audit/export', { ...init, params, parseAs: 'stream' }),
              { signal },
              { expects: 'lines' },
            )
            return response
          },
          maxOutageMs: api.settings.maxOutageMs,
        },
        { after, signal },
      ),
  }
}
