import type { Provider } from '../providers/provider.ts'
import type { JsonObject } from '../vocabulary/json.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import type { ConnectionsRepository } from './connections.repository.ts'

/** Connections for which a remote id denotes the same object, regardless of their credentials. */
export interface IdSpace {
  name: string
  connectionIds: readonly string[]
}

export type IdSpaceOf = (connectionId: string, kind: Kind) => Promise<IdSpace>

interface Deps {
  repository: Pick<ConnectionsRepository, 'allOfProvider'>
  providerById(id: string): Provider | undefined
}

/** The service that assigns the remote ids of a kind. */
export interface IdSource {
  service: string
  /** The settings that identify the part of the service that assigns them. */
  names: Readonly<Record<string, string>>
}

/** Finds the connections, of any project, that see the same objects of a kind as the given one, or may see them. */
export function makeIdSpaceOf({ repository, providerById }: Deps): IdSpaceOf {
  return async (connectionId, kind) => {
    const all = (await repository.allOfProvider(connectionId)).map(({ id, provider, settings }) => ({
      id,
      source: idSourceOf(providerById(provider), settings, kind) ?? { service: id, names: {} },
    }))
    const own = all.find(({ id }) => id === connectionId)?.source ?? { service: connectionId, names: {} }
    const shared = all.filter(({ source }) => mayBeOne(own, source))
    return { name: own.service, connectionIds: [connectionId, ...shared.map(({ id }) => id)] }
  }
}

/** Null for settings that this version cannot read, or of an unknown provider. */
export function idSourceOf(provider: Provider | undefined, settings: JsonObject, kind: Kind): IdSource | null {
  if (provider === undefined) return null
  try {
    if (provider.uniqueIds?.(settings).includes(kind)) return { service: provider.id, names: {} }
    const service = `${provider.id}/${serviceAt(provider.baseUrl(settings))}/`
    return { service, names: provider.idSpace?.(settings) ?? {} }
  } catch {
    return null
  }
}

/**
 * True unless a name that both have differs. A region's id and another's title cannot be compared: rejecting an id that
 * two regions assigned is better than two projects holding one object. `doctor` compares the same way.
 */
export function mayBeOne(one: IdSource, other: IdSource): boolean {
  return (
    one.service === other.service &&
    Object.entries(one.names).every(([key, name]) => (other.names[key] ?? name) === name)
  )
}

/** Normalizes an address: equal for http and https, with or without the default port. */
function serviceAt(url: string): string {
  const { hostname, port, pathname } = new URL(url)
  const own = ['80', '443'].includes(port) ? '' : port
  return `${hostname.replace(/\.$/, '')}:${own}${plainPath(pathname).replaceAll(/\/+/g, '/').replace(/\/$/, '')}`
}

/** Unnecessary percent-encoding does not change the meaning. */
function plainPath(pathname: string): string {
  try {
    return decodeURIComponent(pathname)
  } catch {
    return pathname
  }
}
