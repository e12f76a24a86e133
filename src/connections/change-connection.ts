import { isDeepStrictEqual } from 'node:util'
import type { Provider } from '../providers/provider.ts'
import type { SecretBox } from '../secrets/secret-box.ts'
import type { Actor } from '../vocabulary/actor.ts'
import { ApiError, versionMismatch } from '../vocabulary/api-error.ts'
import type { JsonObject } from '../vocabulary/json.ts'
import type { Connection } from './connection.ts'
import type { ConnectionChange, ConnectionChangesRepository } from './connection-changes.repository.ts'
import { mismatch } from './connection-resolver.ts'
import { type EgressDenial, rejectUncallable } from './endpoints.ts'
import { rejectIncomplete } from './incomplete-credentials.ts'
import { destinationIn, reviseSettings } from './revise-settings.ts'

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
  egressDenial: EgressDenial
  /** Called after a project's connections have changed. */
  onChange(): void
}

export type ChangeConnection = (
  target: { projectId: string; by: Actor; id: string; ifVersions: readonly number[] | null },
  patch: ConnectionPatch,
) => Promise<Connection>

/** Maximum attempts: if another change is stored between reading and writing, the settings are merged again. */
const maxAttempts = 5

export function makeChangeConnection(deps: Deps): ChangeConnection {
  return async (target, patch) => {
    const changed = await attempt(deps, { target, patch }, maxAttempts)
    if (patch.held === false || patch.credentials !== undefined) await deps.repository.wakeWaiting(target.id)
    deps.onChange()
    return changed
  }
}

/**
 * `seen` is the credentials' destination when the request arrived: if it has changed since, the credentials are not
 * stored, because the client may not know the new hosts.
 */
async function attempt(deps: Deps, request: Request, left: number, seen?: JsonObject): Promise<Connection> {
  const { projectId, id, ifVersions } = request.target
  const current = await deps.get(projectId, id)
  if (left === 0 || (ifVersions !== null && !ifVersions.includes(current.version))) throw mismatchOf(current)
  const { change, destination } = changeOf(deps, current, request)
  if (change.sealedCredentials !== null && seen !== undefined && !isDeepStrictEqual(destination, seen))
    throw mismatchOf(current)
  const changed = await deps.repository.apply(change)
  if (changed === 'name_taken')
    throw new ApiError('conflict', `A connection named ${change.name} already exists. Choose another name.`)
  return changed ?? attempt(deps, request, left - 1, seen ?? destination)
}

type Request = { target: Parameters<ChangeConnection>[0]; patch: ConnectionPatch }

/**
 * The change to write and the resulting destination of credentials. Merged settings and credentials are written only
 * over the version that was read, so that neither is combined with a concurrent change of the other.
 */
function changeOf(
  deps: Deps,
  current: Connection,
  { target, patch }: Request,
): { change: ConnectionChange; destination: JsonObject } {
  const provider = deps.providerById(current.provider)
  if (provider === undefined) throw new Error(`This version has no provider ${current.provider}.`)
  const credentials = ofProvider(provider, '/credentials', patch.credentials)
  if (credentials !== null) rejectIncomplete(provider, credentials)
  const given = ofProvider(provider, '/settings', patch.settings)
  const revised =
    given === null ? null : reviseSettings(provider, current.settings, { given, hasCredentials: credentials !== null })
  if (revised !== null) rejectUncallable(deps.egressDenial, provider, revised.settings)
  const change = {
    ...target,
    ifVersions: revised === null && credentials === null ? target.ifVersions : [current.version],
    name: patch.name ?? null,
    held: patch.held ?? null,
    settings: revised,
    sealedCredentials: credentials === null ? null : deps.secretBox.seal(target.id, credentials),
  }
  return { change, destination: destinationIn(provider, revised?.settings ?? current.settings) }
}

function mismatchOf({ version }: Connection): ApiError {
  return versionMismatch(`The connection is at version ${version}`)
}

function ofProvider(
  provider: Provider,
  pointer: string,
  byProvider: Readonly<Record<string, JsonObject>> | undefined,
): JsonObject | null {
  if (byProvider === undefined) return null
  const given = byProvider[provider.id]
  if (given !== undefined) return given
  throw mismatch(pointer, `This connection is to ${provider.id}. Send the settings and credentials of that provider.`)
}
