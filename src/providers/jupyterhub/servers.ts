import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { isObject, readEntries, readList, readNumber, readObject, readText } from '../kit/fields.ts'
import { ProviderError } from '../provider-error.ts'
import type { HubClient } from './client.ts'
import { isNotFound } from './errors.ts'
import { type ServerName, serverNameOf } from './mapping.ts'
import { seesServersOf } from './scopes.ts'
import type { JupyterhubSettings } from './settings.ts'
import { userPath, withStopped } from './wire.ts'

/** A server as the hub shows it. */
export interface OwnedServer extends ServerName {
  model: JsonObject
}

/** Reads of servers. The API has no read of one server, only its user's model. */
export interface Servers {
  /** The server of a remote id; null if no server of this connection can have that id. */
  nameOf(remoteId: string): ServerName | null
  /** All named servers of a user, including stopped ones; none if the hub shows no such user. */
  of(user: string, signal: AbortSignal): Promise<readonly OwnedServer[]>
  /** Whether the token shows all servers of a user, so that absence is conclusive. */
  showsAllServers(user: string, signal: AbortSignal): Promise<boolean>
  /** One server; `'gone'` only if the token would show it. */
  read(name: ServerName, signal: AbortSignal): Promise<OwnedServer | 'gone'>
  /** A page of all servers of the connection: of its user, or of all users. */
  page(cursor: string | null, signal: AbortSignal): Promise<{ servers: readonly OwnedServer[]; next: string | null }>
}

/** Users per page. The hub's default maximum is 200; it reports the start of the next page. */
const pageSize = 100

/** https://jupyterhub.readthedocs.io/en/3.0.0/reference/rest-api.html */
export function makeServers(client: HubClient, { username }: JupyterhubSettings): Servers {
  async function of(user: string, signal: AbortSignal): Promise<readonly OwnedServer[]> {
    const path = `${userPath(user)}?${withStopped}`
    try {
      return serversIn(await client.read({ method: 'GET', path }, { signal }))
    } catch (error) {
      if (isNotFound(error)) return []
      throw error
    }
  }

  const showsAllServers = async (user: string, signal: AbortSignal) => seesServersOf(await client.whoAmI(signal), user)

  async function assertShowsAllServers(user: string, signal: AbortSignal): Promise<void> {
    if (await showsAllServers(user, signal)) return
    throw new ProviderError('permission_denied', unseen(user), { field: 'credentials.token' })
  }

  async function pageOfAll(offset: number, signal: AbortSignal) {
    const path = `/users?${withStopped}&offset=${offset}&limit=${pageSize}`
    const body = await client.read({ method: 'GET', path }, { signal })
    if (!isObject(body) || !Array.isArray(body.items) || !isObject(body._pagination)) {
      throw new ProviderError('bad_response', "JupyterHub's list of users has no pages.", { httpStatus: 200 })
    }
    const next = readNumber(readObject(body._pagination, 'next'), 'offset')
    return { servers: readList(body, 'items').flatMap(serversIn), next: next === undefined ? null : String(next) }
  }

  return {
    of,
    showsAllServers,

    nameOf(remoteId) {
      const name = serverNameOf(remoteId)
      return name === null || (username !== undefined && name.user !== username) ? null : name
    },

    async read({ user, server }, signal) {
      const found = (await of(user, signal)).find((each) => each.server === server)
      if (found !== undefined) return found
      await assertShowsAllServers(user, signal)
      return 'gone'
    },

    async page(cursor, signal) {
      if (username === undefined) return pageOfAll(Number(cursor ?? 0), signal)
      const servers = await of(username, signal)
      if (servers.length === 0) await assertShowsAllServers(username, signal)
      return { servers, next: null }
    },
  }
}

export function unseen(user: string): string {
  return `The token may not see every server of ${user} (read:servers), so what is not shown may be there.`
}

/** Named servers only: the default server has no name, cannot be removed, and is not an environment. */
function serversIn(user: Json): readonly OwnedServer[] {
  const name = readText(user, 'name')
  if (!isObject(user) || name === undefined || user.kind !== 'user') {
    throw new ProviderError('bad_response', 'JupyterHub returned no user.', { httpStatus: 200 })
  }
  if (!isObject(user.servers)) {
    const detail = `JupyterHub shows no servers of ${name}: the token lacks the scope read:servers.`
    throw new ProviderError('permission_denied', detail, { httpStatus: 200, field: 'credentials.token' })
  }
  return readEntries(user, 'servers').flatMap(([server, model]) =>
    server === '' ? [] : [{ user: name, server, model }],
  )
}
