import type { Provider } from '../providers/provider.ts'
import type { JsonObject } from '../vocabulary/json.ts'
import type { ConnectionsRepository } from './connections.repository.ts'

/** What connections have in common to which a remote id means the same object, whoever's credentials they have. */
export interface IdSpace {
  name: string
  connectionIds: readonly string[]
}

export type IdSpaceOf = (connectionId: string) => Promise<IdSpace>

interface Deps {
  repository: Pick<ConnectionsRepository, 'allOfProvider'>
  providerById(id: string): Provider | undefined
}

/** Finds the connections, of any project, that see the same objects as this one. */
export function makeIdSpaceOf({ repository, providerById }: Deps): IdSpaceOf {
  return async (connectionId) => {
    const named = (await repository.allOfProvider(connectionId)).map(({ id, provider, settings }) => ({
      id,
      name: idSpaceName(providerById(provider), settings) ?? id,
    }))
    const name = named.find(({ id }) => id === connectionId)?.name ?? connectionId
    return { name, connectionIds: [connectionId, ...named.filter((one) => one.name === name).map(({ id }) => id)] }
  }
}

/** Null for settings that this version cannot read, of a provider that it no longer has. */
export function idSpaceName(provider: Provider | undefined, settings: JsonObject): string | null {
  if (provider === undefined) return null
  try {
    const { origin, pathname } = new URL(provider.baseUrl(settings))
    const within = provider.idSpace?.(settings) ?? ''
    return `${provider.id}/${origin}${pathname.replace(/(?<!\/)\/+$/, '')}/${within}`
  } catch {
    return null
  }
}
