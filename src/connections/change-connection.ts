import { isDeepStrictEqual } from 'node:util'
import type { Provider } from '../providers/provider.ts'
import type { Actor } from '../vocabulary/actor.ts'
import type { JsonObject } from '../vocabulary/json.ts'
import { Refusal } from '../vocabulary/refusal.ts'
import type { Connection } from './connection.ts'
import type { ConnectionChange, ConnectionChangesRepository } from './connection-changes.repository.ts'
import { missing } from './connection-resolver.ts'
import { type EgressRefusal, refuseUncallable } from './endpoints.ts'
import type { SecretBox } from './secret-box.ts'

export interface ConnectionPatch {
  name?: string
  held?: boolean
  settings?: Readonly<Record<string, JsonObject>>
  credentials?: Readonly<Record<string, JsonObject>>
}

interface Deps {
  get(projectId: string, id: string): Promise<Connection>
  repository: ConnectionChangesRepository
  secretBox: SecretBox
  providerById(id: string): Provider | undefined
  egressRefusal: EgressRefusal
  /** Told when a project's connections have changed. */
  onChange(): void
}

export type ChangeConnection = (
  target: { projectId: string; by: Actor; id: string; ifVersion: number | null },
  patch: ConnectionPatch,
) => Promise<Connection>

/** What decides which account and place its objects live in cannot change: records would point at other objects. */
export function makeChangeConnection(deps: Deps): ChangeConnection {
  return async (target, { name, held, ...patch }) => {
    const current = await deps.get(target.projectId, target.id)
    const provider = deps.providerById(current.provider)
    if (provider === undefined) throw new Error(`This version has no provider ${current.provider}.`)
    const settings = revisedSettings(provider, current, patch.settings)
    if (settings !== null) refuseUncallable(deps.egressRefusal, provider, settings)
    const credentials = ofProvider(provider, '/credentials', patch.credentials)
    const sealedCredentials = credentials === null ? null : deps.secretBox.seal(target.id, credentials)
    const changed = await apply(deps, {
      ...target,
      name: name ?? null,
      held: held ?? null,
      settings,
      sealedCredentials,
    })
    if (held === false || credentials !== null) await deps.repository.wakeWaiting(target.id)
    deps.onChange()
    return changed
  }
}

async function apply({ repository, get }: Deps, change: ConnectionChange): Promise<Connection> {
  const changed = await repository.apply(change).catch((error: unknown) => {
    if (
      !JSON.stringify([(error as Error).message, (error as { meta?: unknown }).meta]).includes('connections_live_name')
    )
      throw error
    throw new Refusal('wrong_state', `There is a connection named ${change.name} already. Choose another name.`)
  })
  if (changed !== null) return changed
  const { version } = await get(change.projectId, change.id)
  throw new Refusal(
    'version_mismatch',
    `The connection is at version ${version} now. Read it again and repeat what you want on that.`,
  )
}

function revisedSettings(
  provider: Provider,
  { settings }: Connection,
  patch: ConnectionPatch['settings'],
): JsonObject | null {
  const given = ofProvider(provider, '/settings', patch)
  if (given === null) return null
  const revised = { ...settings, ...given }
  if (isDeepStrictEqual(provider.scope(revised), provider.scope(settings))) return revised
  const frozen = Object.keys(provider.scope(settings)).join(', ')
  throw missing(
    '/settings',
    `These settings decide where the connection's objects live (${frozen}) and cannot change. Make another connection.`,
  )
}

function ofProvider(
  provider: Provider,
  pointer: string,
  byProvider: Readonly<Record<string, JsonObject>> | undefined,
): JsonObject | null {
  if (byProvider === undefined) return null
  const given = byProvider[provider.id]
  if (given === undefined) throw missing(pointer, `This connection is to ${provider.id}: send what is under that id.`)
  return given
}
