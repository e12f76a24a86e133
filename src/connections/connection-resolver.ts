import { LRUCache } from 'lru-cache'
import { ApiError, noConnection, type ValidationError } from '../vocabulary/api-error.ts'
import { suggestionFor } from '../vocabulary/nearest.ts'
import { missingTarget } from '../vocabulary/request-target.ts'
import type { Connection } from './connection.ts'
import type { ConnectionsRepository } from './connections.repository.ts'
import type { OpenConnections } from './open-connections.ts'

interface Deps {
  repository: Pick<ConnectionsRepository, 'get' | 'list'>
  opened: OpenConnections
  providerIds: readonly string[]
  clock: { monotonicMs(): number }
}

interface ConnectionTarget {
  connectionId?: string
  provider?: string
}

/** How long a resolved connection is cached; admission detects a deletion in between. */
const cacheTtlMs = 2000
const maxRemembered = 10_000

/** Finds and opens the connection that a request refers to. */
export function makeConnectionResolver(deps: Deps) {
  const known = new LRUCache<string, Promise<Connection>>({
    ...{ max: maxRemembered, ttl: cacheTtlMs, ttlResolution: 0 },
    perf: { now: deps.clock.monotonicMs },
  })

  /** Shares equal concurrent queries and caches the result briefly: most submits use the same connection. */
  function meant(projectId: string, target: ConnectionTarget): Promise<Connection> {
    const lookupKey = `${projectId}/${target.connectionId ?? ''}/${target.provider ?? ''}`
    const remembered = known.get(lookupKey)
    if (remembered !== undefined) return remembered
    const at = find(deps, projectId, target)
    known.set(lookupKey, at)
    at.catch(() => known.delete(lookupKey))
    return at
  }

  return {
    async resolve(projectId: string, target: ConnectionTarget) {
      const connection = await meant(projectId, target)
      return { id: connection.id, opened: await deps.opened.open(connection.id, connection.version) }
    },
    forget: () => known.clear(),
  }
}

async function find(
  { repository, providerIds }: Deps,
  projectId: string,
  { connectionId, provider }: { connectionId?: string; provider?: string },
): Promise<Connection> {
  if (connectionId !== undefined) return byId(repository, projectId, connectionId, provider)
  if (provider === undefined)
    throw new ApiError('connection_not_found', missingTarget.detail, { errors: [missingTarget] })
  if (!providerIds.includes(provider)) {
    const suggestion = suggestionFor(provider, providerIds)
    throw missing('/provider', `There is no provider ${provider}. See GET /providers.${suggestion}`)
  }
  const [only, ...others] = await repository.list(projectId, { provider, after: null, limit: 20 })
  if (only === undefined)
    throw missing('/provider', `This project has no connection to ${provider}. Create one with POST /connections.`)
  if (others.length > 0) throw ambiguous(provider, [only, ...others])
  return only
}

async function byId(
  repository: Deps['repository'],
  projectId: string,
  id: string,
  provider: string | undefined,
): Promise<Connection> {
  const connection = await repository.get(projectId, id)
  if (connection === null) throw missing('/connectionId', noConnection(id).message)
  if (provider !== undefined && provider !== connection.provider) {
    throw mismatch(
      '/provider',
      `Connection ${id} is to ${connection.provider}, not ${provider}. Specify only one of them.`,
    )
  }
  return connection
}

/** No connection is specified, or the specified one does not exist. */
function missing(pointer: string, detail: string): ApiError {
  const errors: ValidationError[] = [{ in: 'body', pointer, code: 'connection', detail }]
  return new ApiError('connection_not_found', detail, { errors })
}

/** The connection exists, but this part of the request belongs to another provider. */
export function mismatch(pointer: string, detail: string): ApiError {
  const errors: ValidationError[] = [{ in: 'body', pointer, code: 'provider_mismatch', detail }]
  return new ApiError('unprocessable', detail, { errors })
}

function ambiguous(provider: string, connections: readonly Connection[]): ApiError {
  const ids = connections.map((connection) => `${connection.id} (${connection.name})`).join(', ')
  const detail = `This project has several connections to ${provider}: ${ids}. Specify \`connectionId\`.`
  return new ApiError('connection_ambiguous', detail, {
    errors: [{ in: 'body', pointer: '/provider', code: 'ambiguous', detail }],
  })
}
