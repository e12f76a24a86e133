import type { WorldObject } from '../world.ts'
import { type Caller, hasScope } from './callers.ts'
import { snapshotAt } from './lifecycle.ts'
import type { Store } from './store.ts'
import { hubTime, majorOf, type ServerData, type UserData } from './wire.ts'

type ServerObject = WorldObject<ServerData>

/** What a caller may see of the hub. */
export interface Reader {
  caller: Caller
  /** `?include_stopped_servers=1` */
  withStopped: boolean
}

const timeOrNull = (at: number | null) => (at === null ? null : hubTime(at))

/** The model of a user, with the servers that the caller may see; without `servers` if it may see none. */
export function userModel(store: Store, user: WorldObject<UserData>, reader: Reader) {
  const { name } = user
  const shown = store
    .serversOf(name)
    .filter((server) => reader.withStopped || !snapshotAt(server.timeline, store.world.now()).stopped)
    .filter((server) => hasScope(reader.caller, 'read:servers', { user: name, server: server.id }))
  const servers = Object.fromEntries(shown.map((server) => [server.name, serverModel(server, store, reader.caller)]))
  const isDefaultShown = reader.withStopped && hasScope(reader.caller, 'read:servers', { user: name })
  const seesServers = shown.length > 0 || hasScope(reader.caller, 'read:servers', { user: name })
  return {
    kind: 'user',
    name,
    admin: false,
    roles: ['user'],
    groups: [],
    server: null,
    pending: null,
    created: hubTime(user.createdAt),
    last_activity: timeOrNull(user.data.lastActivityAt),
    auth_state: null,
    ...(majorOf(store.settings) < 6 ? {} : { user_info: null }),
    // The default server has no name and is never started here.
    ...(seesServers ? { servers: { ...(isDefaultShown ? { '': defaultServer(name) } : {}), ...servers } } : {}),
  }
}

function serverModel({ name, data, timeline }: ServerObject, { world, settings }: Store, caller: Caller) {
  const { pending, ready, stopped, startedAt, lastActivityAt } = snapshotAt(timeline, world.now())
  const path = `${encodeURIComponent(data.user)}/servers/${encodeURIComponent(name)}`
  return {
    name,
    last_activity: timeOrNull(lastActivityAt),
    started: timeOrNull(startedAt),
    pending,
    ready,
    stopped,
    url: `/user/${encodeURIComponent(data.user)}/${encodeURIComponent(name)}/`,
    user_options: data.options,
    progress_url: `/hub/api/users/${path}/progress`,
    ...(majorOf(settings) < 5 ? {} : { full_name: `${data.user}/${name}`, full_url: null, full_progress_url: null }),
    ...(majorOf(settings) < 6 ? {} : { display_name: data.displayName ?? name }),
    ...(hasScope(caller, 'admin:server_state', {}) ? { state: ready ? { pid: 4242 } : {} } : {}),
  }
}

function defaultServer(user: string) {
  return {
    name: '',
    last_activity: null,
    started: null,
    pending: null,
    ready: false,
    stopped: true,
    url: `/user/${encodeURIComponent(user)}/`,
    user_options: {},
    progress_url: `/hub/api/users/${encodeURIComponent(user)}/server/progress`,
  }
}
