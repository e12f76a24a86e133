import type { TObject } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Provider } from '../providers/provider.ts'
import type { SecretBox } from '../secrets/secret-box.ts'
import type { Actor } from '../vocabulary/actor.ts'
import { ApiError, noConnection, versionMismatch } from '../vocabulary/api-error.ts'
import { makeId } from '../vocabulary/ids.ts'
import type { JsonObject } from '../vocabulary/json.ts'
import { type Kind, kinds } from '../vocabulary/kinds.ts'
import { quotaExceeded } from '../vocabulary/quota.ts'
import type { Connection } from './connection.ts'
import { mismatch } from './connection-resolver.ts'
import type { ConnectionsRepository, Removal } from './connections.repository.ts'
import { type EgressDenial, rejectUncallable } from './endpoints.ts'
import { rejectIncomplete } from './incomplete-credentials.ts'
import { type Network, sealable } from './network.ts'
import type { OpenConnections, Opened } from './open-connections.ts'
import { reviseNetwork } from './revise-network.ts'
import { unpackCredentials } from './unpack-credentials.ts'

export interface ConnectionRequest {
  name: string
  settings: Readonly<Record<string, JsonObject>>
  credentials: Readonly<Record<string, JsonObject>>
  network?: Network
}

interface Deps {
  repository: ConnectionsRepository
  secretBox: SecretBox
  opened: OpenConnections
  providerById(id: string): Provider | undefined
  egressDenial: EgressDenial
  clock: { now(): Date }
  /** Called after a project's connections have changed. */
  onChange(): void
}

export type ConnectionService = ReturnType<typeof makeConnectionService>

export function makeConnectionService(deps: Deps) {
  const { repository } = deps

  async function get(projectId: string, id: string): Promise<Connection> {
    const connection = await repository.get(projectId, id)
    if (connection === null) throw noConnection(id)
    return connection
  }

  return {
    get,

    list: (
      projectId: string,
      page: { provider: string | null; after: string | null; limit: number },
    ): Promise<Connection[]> => repository.list(projectId, page),

    async create({ projectId, by }: { projectId: string; by: Actor }, request: ConnectionRequest): Promise<Connection> {
      const { provider, settings, ...sent } = accountOf(deps, request)
      rejectUncallable(deps.egressDenial, provider, settings)
      const { credentials, network } = unpackCredentials(provider, settings, { ...sent, network: request.network })
      rejectIncomplete(provider, credentials)
      const id = makeId('connection')
      const rules = { egressDenial: deps.egressDenial, now: deps.clock.now(), hasCredentials: true }
      const revised = network === undefined ? null : reviseNetwork({}, network, rules)
      const driven = deps.opened.tryOut(draft(id, projectId, provider.id, settings), credentials)
      const sealedCredentials = deps.secretBox.seal(id, credentials)
      const created = await repository.insert({
        id,
        by,
        projectId,
        provider: provider.id,
        name: request.name,
        settings,
        sealedCredentials,
        network:
          revised === null ? null : { view: revised.view, sealed: deps.secretBox.seal(id, sealable(revised.network)) },
        kinds: kindsOf(driven.opened),
      })
      await driven.http.close()
      if (created === 'name_taken')
        throw new ApiError('conflict', `A connection named ${request.name} already exists. Choose another name.`)
      if ('overQuota' in created) throw quotaExceeded(created.overQuota)
      deps.onChange()
      return created
    },

    async remove(target: Removal): Promise<void> {
      const { id } = target
      const outcome = await repository.remove(target)
      deps.onChange()
      if (outcome === 'not_found') throw noConnection(id)
      if (outcome === 'in_use')
        throw new ApiError(
          'connection_in_use',
          `Connection ${id} has active jobs or environments. Cancel or delete them first.`,
        )
      if (outcome === 'changed') throw versionMismatch(`Connection ${id} has changed`)
      deps.opened.forget(id)
    },
  }
}

/** The settings, with defaults, and the credentials of a single provider. */
function accountOf({ providerById }: Deps, { settings, credentials }: ConnectionRequest) {
  const [id] = Object.keys(settings)
  const [credentialsOf] = Object.keys(credentials)
  const provider = id === undefined ? undefined : providerById(id)
  if (id === undefined || provider === undefined)
    throw mismatch('/settings', 'Send the settings of exactly one provider, keyed by its id.')
  if (credentialsOf !== id)
    throw mismatch(
      '/credentials',
      `The settings belong to ${id}, the credentials belong to ${credentialsOf}. Send both for the same provider.`,
    )
  const filled = withDefaults(provider.settings, settings[id] ?? {})
  return { provider, settings: filled, credentials: credentials[id] ?? {} }
}

function withDefaults(schema: TObject, settings: JsonObject): JsonObject {
  return Value.Default(schema, structuredClone(settings)) as JsonObject
}

function kindsOf({ drivers }: Opened): readonly Kind[] {
  return kinds.filter((kind) => drivers[kind] !== undefined)
}

/** A connection that is not stored yet, to be opened for validation. */
function draft(id: string, projectId: string, provider: string, settings: JsonObject): Connection {
  const now = new Date(0)
  return {
    id,
    projectId,
    provider,
    name: '',
    settings,
    version: 0,
    notBefore: null,
    held: false,
    pauseReason: null,
    verifiedAt: null,
    createdAt: now,
    updatedAt: now,
  }
}
