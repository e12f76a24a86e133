import type { Provider } from '../providers/provider.ts'
import type { JsonObject } from '../vocabulary/json.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import type { ConnectionsRepository } from './connections.repository.ts'

/** What connections have in common to which a remote id means the same object, whoever's credentials they have. */
export interface IdSpace {
  name: string
  connectionIds: readonly string[]
}

export type IdSpaceOf = (connectionId: string, kind: Kind) => Promise<IdSpace>

interface Deps {
  repository: Pick<ConnectionsRepository, 'allOfProvider'>
  providerById(id: string): Provider | undefined
}

/** Who gives out the remote ids of a kind that a connection sees. */
export interface IdSource {
  service: string
  /** How the settings call the part of the service that does. */
  names: Readonly<Record<string, string>>
}

/** Finds the connections, of any project, that see the same objects of a kind as this one, or may. */
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

/** Null for settings that this version cannot read, of a provider that it no longer has. */
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
 * Unless a name that both have tells them apart. Where one says a region's id and the other its title, nothing does, and one
 * object held by two projects is worse than an id refused that two regions gave out. `doctor` compares in the same way.
 */
export function mayBeOne(one: IdSource, other: IdSource): boolean {
  return (
    one.service === other.service &&
    Object.entries(one.names).every(([key, name]) => (other.names[key] ?? name) === name)
  )
}

/** The same for every way to write one address: by http or https, with or without the port that goes with it. */
function serviceAt(url: string): string {
  const { hostname, port, pathname } = new URL(url)
  const own = ['80', '443'].includes(port) ? '' : port
  return `${hostname.replace(/\.$/, '')}:${own}${plainPath(pathname).replaceAll(/\/+/g, '/').replace(/\/$/, '')}`
}

/** What stands percent-encoded without need means the same as without. */
function plainPath(pathname: string): string {
  try {
    return decodeURIComponent(pathname)
  } catch {
    return pathname
  }
}
