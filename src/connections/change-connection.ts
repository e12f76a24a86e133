import { isDeepStrictEqual } from 'node:util'
import type { Provider } from '../providers/provider.ts'
import type { SecretBox } from '../secrets/secret-box.ts'
import type { Actor } from '../vocabulary/actor.ts'
import { ApiError, versionMismatch } from '../vocabulary/api-error.ts'
import type { JsonObject } from '../vocabulary/json.ts'
import type { Connection } from './connection.ts'
import { type ConnectionChange, type ConnectionChangesRepository, hasChange } from './connection-changes.repository.ts'
import { mismatch } from './connection-resolver.ts'
import { type EgressDenial, rejectUncallable } from './endpoints.ts'
import { rejectIncomplete } from './incomplete-credentials.ts'
import { type NetworkPatch, networkIn, sealable } from './network.ts'
import { reviseNetwork } from './revise-network.ts'
import { destinationIn, merged, reviseSettings } from './revise-settings.ts'
import { unpackCredentials } from './unpack-credentials.ts'

export interface ConnectionPatch {
  name?: string
  held?: boolean
  settings?: Readonly<Record<string, JsonObject>>
  credentials?: Readonly<Record<string, JsonObject>>
  network?: NetworkPatch
}

interface Deps {
  get(projectId: string, id: string): Promise<Connection>
  repository: ConnectionChangesRepository
  secretBox: SecretBox
  providerById(id: string): Provider | undefined
  egressDenial: EgressDenial
  /** The sealed network of a connection, if it has one. */
  sealedNetwork(id: string): Promise<string | null>
  clock: { now(): Date }
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
    const { connection, written } = await attempt(deps, { target, patch }, maxAttempts)
    if (written.held === false || written.sealedCredentials !== null || hasChange(written.network))
      await deps.repository.wakeWaiting(target.id)
    deps.onChange()
    return connection
  }
}

/**
 * `seen` is the credentials' destination when the request arrived: if it has changed since, the credentials are not
 * stored, because the client may not know the new hosts.
 */
async function attempt(deps: Deps, sent: Request, left: number, seen?: JsonObject): Promise<Changed> {
  const { projectId, id, ifVersions } = sent.target
  const current = await deps.get(projectId, id)
  if (left === 0 || (ifVersions !== null && !ifVersions.includes(current.version))) throw mismatchOf(current)
  const request = unpacked(deps, current, sent)
  const { change: changeWithoutNetwork, destination } = changeOf(deps, current, request)
  const network = await networkChangeOf(deps, request)
  const change =
    network === null ? changeWithoutNetwork : { ...changeWithoutNetwork, network, ifVersions: [current.version] }
  if (change.sealedCredentials !== null && seen !== undefined && !isDeepStrictEqual(destination, seen))
    throw mismatchOf(current)
  const changed = await deps.repository.apply(change)
  if (changed === 'name_taken')
    throw new ApiError('conflict', `A connection named ${change.name} already exists. Choose another name.`)
  if (changed === null) return attempt(deps, sent, left - 1, seen ?? destination)
  return { connection: changed, written: change }
}

interface Changed {
  connection: Connection
  written: ConnectionChange
}

/** Moves parts of new credentials to where they belong. */
function unpacked(deps: Deps, current: Connection, { target, patch }: Request): Request {
  const provider = providerOf(deps, current)
  const given = ofProvider(provider, '/credentials', patch.credentials)
  if (given === null) return { target, patch }
  const settings = merged(provider, current.settings, ofProvider(provider, '/settings', patch.settings) ?? {})
  const { credentials, network } = unpackCredentials(provider, settings, { credentials: given, network: patch.network })
  const parts = { credentials: { [provider.id]: credentials }, ...(network === undefined ? {} : { network }) }
  return { target, patch: { ...patch, ...parts } }
}

function providerOf({ providerById }: Deps, { provider: id }: Connection): Provider {
  const provider = providerById(id)
  if (provider === undefined) throw new Error(`This version has no provider ${id}.`)
  return provider
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
  const provider = providerOf(deps, current)
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
    network: null,
  }
  const destination = destinationIn(provider, revised?.settings ?? current.settings)
  return { change, destination: { ...destination, route: routeIn(current, patch) } }
}

/** The parts of the network that determine who can read the traffic, unless the patch replaces them. */
function routeIn({ network }: Connection, { network: given = {} }: ConnectionPatch): string {
  const proxy = given.proxy === undefined ? network?.proxy?.url : null
  const authorities = given.caCertificate === undefined ? network?.caCertificates : null
  return JSON.stringify([proxy ?? null, authorities?.map(({ fingerprint256 }) => fingerprint256) ?? null])
}

/** Written only over the version that was read, like the settings. */
async function networkChangeOf(deps: Deps, { target, patch }: Request): Promise<ConnectionChange['network']> {
  if (patch.network === undefined) return null
  const sealed = await deps.sealedNetwork(target.id)
  const current = sealed === null ? {} : networkIn(deps.secretBox.open(target.id, sealed))
  const rules = {
    egressDenial: deps.egressDenial,
    now: deps.clock.now(),
    hasCredentials: patch.credentials !== undefined,
  }
  const { network, view, changed } = reviseNetwork(current, patch.network, rules)
  return { view, changed, sealed: deps.secretBox.seal(target.id, sealable(network)) }
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
