import type { Catalog } from '../providers/observation.ts'
import { ProviderError } from '../providers/provider-error.ts'
import type { Actor } from '../vocabulary/actor.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import { type Kind, kinds } from '../vocabulary/kinds.ts'
import type { Connection } from './connection.ts'
import type { ConnectionChangesRepository } from './connection-changes.repository.ts'
import type { OpenConnections } from './open-connections.ts'
import { findOrphans, type OrphanDeps, type OrphanReport } from './orphans.ts'
import { providerApiError } from './provider-api-error.ts'

export interface VerificationResult {
  ok: boolean
  code?: string
  message?: string
  field?: string
}

interface Deps {
  orphans: OrphanDeps

  get(projectId: string, id: string): Promise<Connection>
  repository: Pick<ConnectionChangesRepository, 'verified' | 'wakeWaiting'>
  opened: OpenConnections
  callTimeoutMs: number
}

export type ConnectionQueries = ReturnType<typeof makeConnectionQueries>

/** Live queries to the provider, executed while the client waits. */
export function makeConnectionQueries({ get, repository, ...deps }: Deps) {
  return {
    /** The options available at the provider, by kind. */
    async catalog(projectId: string, id: string): Promise<{ [kind in Kind]?: Catalog }> {
      const connection = await get(projectId, id)
      const opened = await deps.opened.open(id, connection.version)
      const signal = AbortSignal.timeout(deps.callTimeoutMs)
      const queries = kinds.flatMap((kind) => {
        const query = opened.drivers[kind]?.catalog?.(signal)
        return query === undefined ? [] : [query.then((catalog) => [kind, catalog] as const)]
      })
      if (queries.length === 0)
        throw new ApiError('unsupported', `Provider ${connection.provider} has no catalog for this connection.`)
      return Object.fromEntries(
        await Promise.all(queries).catch((error: unknown) => rejectCall(connection.provider, error)),
      )
    },

    /** Active remote objects tagged by this installation without a live record. */
    async orphans(projectId: string, id: string): Promise<OrphanReport> {
      const connection = await get(projectId, id)
      const opened = await deps.opened.open(id, connection.version)
      return findOrphans(deps.orphans, { id, opened }, AbortSignal.timeout(deps.callTimeoutMs)).catch(
        (error: unknown) => rejectCall(connection.provider, error),
      )
    },

    /** Verifies the credentials with the provider. A rejection is a result, not an error; acceptance ends a pause. */
    async verify({ projectId, by }: { projectId: string; by: Actor }, id: string): Promise<VerificationResult> {
      const connection = await get(projectId, id)
      const opened = await deps.opened.open(id, connection.version)
      try {
        const discovered = (await opened.discover?.(AbortSignal.timeout(deps.callTimeoutMs))) ?? null
        await opened.verify(AbortSignal.timeout(deps.callTimeoutMs))
        await repository.verified({ id, version: opened.version, by, discovered })
        await repository.wakeWaiting(id)
        return { ok: true }
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error
        return {
          ok: false,
          code: error.code,
          message: error.message,
          ...(error.field === undefined ? {} : { field: error.field }),
        }
      }
    },
  }
}

function rejectCall(provider: string, error: unknown): never {
  throw error instanceof ProviderError ? providerApiError(provider, error) : error
}
