import { type Api, type CallOptions, type ChangeOptions, ifMatch } from '../api.ts'
import { type List, makeList, withCursor } from '../paging.ts'
import type {
  Connection,
  ConnectionCapabilities,
  ConnectionCatalog,
  ConnectionFilter,
  ConnectionHealth,
  ConnectionPatch,
  ConnectionRequest,
  OrphanReport,
  Verification,
} from '../types.ts'

export interface Connections {
  create(request: ConnectionRequest, options?: CallOptions): Promise<Connection>
  list(filter?: ConnectionFilter, options?: CallOptions): List<Connection>
  get(id: string, options?: CallOptions): Promise<Connection>
  update(id: string, patch: ConnectionPatch, options?: ChangeOptions): Promise<Connection>
  delete(id: string, options?: ChangeOptions): Promise<void>
  /** Checks the credentials with the provider. */
  verify(id: string, options?: CallOptions): Promise<Verification>
  /** Capabilities of the provider with the settings of this connection. */
  capabilities(id: string, options?: CallOptions): Promise<ConnectionCapabilities>
  /** Flavors, images, queues and similar. */
  catalog(id: string, options?: CallOptions): Promise<ConnectionCatalog>
  /** Active remote objects of this installation without a live record. */
  orphans(id: string, options?: CallOptions): Promise<OrphanReport>
  /** Calls, errors and latency of the last hour. */
  health(id: string, options?: CallOptions): Promise<ConnectionHealth>
}

export function makeConnections(api: Api): Connections {
  const at = (id: string) => ({ path: { id } })
  return {
    create: (body, options) => api.call((http, init) => http.POST('/connections', { ...init, body }), options),
    list: (filter = {}, options) =>
      makeList((cursor) => {
        const params = { query: withCursor(filter, cursor) }
        return api.call((http, init) => http.GET('/connections', { ...init, params }), options)
      }, filter.cursor),
    get: (id, options) => api.call((http, init) => http.GET('/connections/{id}', { ...init, params: at(id) }), options),
    update: (id, body, options) =>
      api.call((http, init) => http.PATCH('/connections/{id}', { ...init, params: at(id), body }), options, {
        headers: ifMatch(options),
      }),
    async delete(id, options) {
      const headers = ifMatch(options)
      await api.send((http, init) => http.DELETE('/connections/{id}', { ...init, params: at(id) }), options, {
        headers,
        isDeletion: true,
      })
    },
    verify: (id, options) =>
      api.call((http, init) => http.POST('/connections/{id}/verify', { ...init, params: at(id) }), options, {
        isRepeatable: true,
      }),
    capabilities: (id, options) =>
      api.call((http, init) => http.GET('/connections/{id}/capabilities', { ...init, params: at(id) }), options),
    catalog: (id, options) =>
      api.call((http, init) => http.GET('/connections/{id}/catalog', { ...init, params: at(id) }), options),
    orphans: (id, options) =>
      api.call((http, init) => http.GET('/connections/{id}/orphans', { ...init, params: at(id) }), options),
    health: (id, options) =>
      api.call((http, init) => http.GET('/connections/{id}/health', { ...init, params: at(id) }), options),
  }
}
