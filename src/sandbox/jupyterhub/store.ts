import type { EmulationContext } from '../provider.ts'
import { momentAt } from '../timeline.ts'
import type { Collection, World, WorldObject } from '../world.ts'
import { removed } from './lifecycle.ts'
import type { JupyterhubSettings, ServerData, TokenData, UserData } from './wire.ts'

/** The stored state of the hub. */
export interface Store {
  readonly world: World
  readonly settings: JupyterhubSettings
  readonly users: Collection<UserData>
  readonly servers: Collection<ServerData>
  readonly tokens: Collection<TokenData>
  addUser(name: string): WorldObject<UserData>
  serversOf(user: string): readonly WorldObject<ServerData>[]
  /** A named server, running or stopped. */
  server(user: string, name: string): WorldObject<ServerData> | undefined
}

export const serverId = (user: string, name: string) => `${user}/${name}`

export function openStore({ world, settings }: EmulationContext<JupyterhubSettings>): Store {
  const users = world.collection<UserData>('jupyterhub', 'user')
  const servers = world.collection<ServerData>('jupyterhub', 'server')

  /** Drops servers whose pending removal is complete. */
  function living(): readonly WorldObject<ServerData>[] {
    for (const { id, timeline } of servers.all()) {
      if (momentAt(timeline, world.now()).state === removed) servers.remove(id)
    }
    return servers.all()
  }

  return {
    world,
    settings,
    users,
    servers,
    tokens: world.collection<TokenData>('jupyterhub', 'token'),
    addUser: (name) =>
      users.add({
        id: name,
        name,
        owner: name,
        creation: null,
        data: { lastActivityAt: null },
        timeline: [{ at: world.now(), state: 'exists' }],
      }),
    serversOf: (user) => living().filter(({ data }) => data.user === user),
    server: (user, name) => living().find(({ id }) => id === serverId(user, name)),
  }
}
