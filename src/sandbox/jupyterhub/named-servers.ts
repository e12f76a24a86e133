import { isRecord } from '../fields.ts'
import type { ProviderResponse } from '../provider.ts'
import { destine, type Timeline } from '../timeline.ts'
import { requireScope } from './callers.ts'
import { HubError, notFound, throttled } from './errors.ts'
import { halted, removed, snapshotAt, spawned, unstarted } from './lifecycle.ts'
import type { Execute, OperationContext } from './operation.ts'
import { assertName, startRequestOf } from './server-request.ts'
import { type Store, serverId } from './store.ts'
import { majorOf, type ServerData } from './wire.ts'

/** Actions return no body. */
const done = (status: number): ProviderResponse => ({
  status,
  body: undefined,
  headers: { 'content-type': 'text/plain' },
})

/** `POST /users/{user}/servers/{server}`: starts a server, creating it if necessary. */
export const startServer: Execute = (context) => {
  const { store } = context
  const names = namesOf(context)
  const { user, name, id } = names
  const isNew = majorOf(store.settings) >= 6
  requireScope(context.caller, [isNew ? 'start:servers' : 'servers'], { user, server: id })
  if (store.users.get(user) === undefined) throw notFound()
  // 6.0 reads the body before creating the server, older versions after it.
  if (isNew) startRequestOf(context.call, store.settings)
  assertNamed(store, names)
  const { pending, ready } = snapshotOf(store, names)
  if (pending === 'spawn') return done(202)
  if (pending !== null) throw new HubError(400, `${user}:${name} is pending ${pending}`)
  if (ready) throw new HubError(400, `${user}:${name} is already running`)
  try {
    assertCapacity(store)
    spawn(context, names)
  } catch (error) {
    // Like the hub: a server that is rejected this late exists nevertheless, stopped.
    if (store.server(user, name) === undefined)
      put(store, names, { options: {}, displayName: undefined, timeline: unstarted(store.world.now()) })
    throw error
  }
  const { spawnMs, failSpawns } = store.settings
  if (spawnMs > 0) return done(202)
  if (!failSpawns) return done(201)
  const message = `Spawner failed to start [status=1]. The logs for ${user}:${name} may contain details.`
  throw new HubError(500, message)
}

/** `DELETE /users/{user}/servers/{server}`: stops a server and, with `{"remove": true}`, removes it. */
export const stopServer: Execute = (context) => {
  const { store, call } = context
  const names = namesOf(context)
  const { user, name, id } = names
  requireScope(context.caller, ['delete:servers'], { user, server: id })
  assertUser(store, user)
  const server = store.server(user, name)
  if (server === undefined) throw new HubError(404, `${user} has no server named '${name}'`)
  const { pending, ready } = snapshotOf(store, names)
  const isRemoval = isRecord(call.json) && call.json.remove === true
  if (pending === 'stop') {
    if (isRemoval) store.servers.change(id, { timeline: destine(server.timeline, { state: removed }) })
    return done(202)
  }
  assertStoppable(store, names, pending)
  const stopMs = ready ? store.settings.stopMs : 0
  const end = isRemoval ? removed : 'stopped'
  if (ready || isRemoval || pending !== null) {
    store.servers.change(id, { timeline: halted(server.timeline, store.world.now(), { stopMs, end }) })
  }
  return done(stopMs > 0 ? 202 : 204)
}

/** Up to 4.x the hub does not check that the user exists before reading its servers. */
function assertUser({ users, settings }: Store, user: string): void {
  if (users.get(user) !== undefined) return
  throw majorOf(settings) < 5 ? new HubError(500, 'Internal Server Error') : notFound()
}

/** From 5.0 on a pending start is aborted; before that the hub waits for it. */
function assertStoppable({ settings }: Store, { user, name }: Names, pending: string | null): void {
  if (pending === 'rename') throw new HubError(400, 'Cannot stop a server while it is being renamed')
  if (pending === null || majorOf(settings) >= 5) return
  throw new HubError(400, `${user}:${name} is pending ${pending}, please wait`)
}

interface Names {
  user: string
  name: string
  id: string
}

function namesOf({ call }: OperationContext): Names {
  const { user = '', server: name = '' } = call.params
  return { user, name, id: serverId(user, name) }
}

/** A missing server is treated as stopped. */
function snapshotOf(store: Store, { user, name }: Names) {
  const now = store.world.now()
  return snapshotAt(store.server(user, name)?.timeline ?? unstarted(now), now)
}

/** Without a body the options of the last start are used. */
function spawn({ store, call }: OperationContext, names: Names): void {
  const { world, settings } = store
  const server = store.server(names.user, names.name)
  const request = startRequestOf(call, settings)
  const options = request.options ?? server?.data.options ?? {}
  const timeline = spawned(server?.timeline, world.now(), settings)
  put(store, names, { options, displayName: request.displayName ?? server?.data.displayName, timeline })
}

function put(
  { servers }: Store,
  { user, name, id }: Names,
  next: Omit<ServerData, 'user'> & { timeline: Timeline },
): void {
  const { timeline, ...rest } = next
  const data = { user, ...rest }
  if (servers.get(id) === undefined) servers.add({ id, name, owner: user, creation: rest.options, data, timeline })
  else servers.change(id, { data, timeline })
}

function assertNamed(store: Store, { user, name }: Names): void {
  const { allowNamedServers, namedServerLimit } = store.settings
  if (!allowNamedServers) throw new HubError(400, 'Named servers are not enabled.')
  if (store.server(user, name) !== undefined) return
  if (namedServerLimit > 0 && store.serversOf(user).length >= namedServerLimit) {
    const message = `User ${user} already has the maximum of ${namedServerLimit} named servers.`
    throw new HubError(400, `${message}  One must be deleted before a new server can be created`)
  }
  assertName(name, store.settings)
}

function assertCapacity({ servers, world, settings }: Store): void {
  const seen = servers.all().map(({ timeline }) => snapshotAt(timeline, world.now()))
  const { concurrentSpawnLimit, activeServerLimit } = settings
  const spawning = seen.filter(({ pending }) => pending === 'spawn').length
  if (concurrentSpawnLimit > 0 && spawning >= concurrentSpawnLimit) throw throttled()
  const active = seen.filter(({ stopped }) => !stopped).length
  if (activeServerLimit === 0 || active < activeServerLimit) return
  throw new HubError(429, 'Active user limit exceeded. Try again in a few minutes.')
}
