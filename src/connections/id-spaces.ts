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

/** Finds the connections, of any project, that see the same objects of a kind as this one. */
export function makeIdSpaceOf({ repository, providerById }: Deps): IdSpaceOf {
  return async (connectionId, kind) => {
    const named = (await repository.allOfProvider(connectionId)).map(({ id, provider, settings }) => ({
      id,
      name: idSpaceName(providerById(provider), settings, kind) ?? id,
    }))
    const name = named.find(({ id }) => id === connectionId)?.name ?? connectionId
    return { name, connectionIds: [connectionId, ...named.filter((one) => one.name === name).map(({ id }) => id)] }
  }
}

/** Null for settings that this version cannot read, of a provider that it no longer has. */
export function idSpaceName(provider: Provider | undefined, settings: JsonObject, kind: Kind): string | null {
  if (provider === undefined) return null
  try {
    if (provider.uniqueIds?.(settings).includes(kind)) return provider.id
    const within = provider.idSpace?.(settings) ?? ''
    return `${provider.id}/${serviceAt(provider.baseUrl(settings))}/${within}`
  } catch {
    return null
  }
}

/** The same for every way to write one address: by http or https, with or without the port that goes with it. */
function serviceAt(url: string): string {
  const { hostname, port, pathname } = new URL(url)
  const own = ['80', '443'].includes(port) ? '' : port
  return `${hostname.replace(/\.$/, '')}:${own}${pathname.replace(/(?<!\/)\/+$/, '')}`
}
