import { isRecord } from '../fields.ts'
import type { Answer } from '../provider.ts'
import { destine, type Timeline } from '../timeline.ts'
import { needScope } from './callers.ts'
import { HubError, notFound, throttled } from './errors.ts'
import { halted, removed, sight, spawned, unstarted } from './movement.ts'
import type { Perform, Performance } from './operation.ts'
import { type Store, serverId } from './store.ts'

/** Verbs are answered without a body. */
const done = (status: number): Answer => ({ status, body: undefined, headers: { 'content-type': 'text/plain' } })

/** `POST /users/{user}/servers/{server}`: starts, and makes what was not there. */
export const startServer: Perform = (performance) => {
  const { store } = performance
  const names = namesOf(performance)
  const { user, name, id } = names
  needScope(performance.caller, ['servers'], { user, server: id })
  if (store.users.get(user) === undefined) throw notFound()
  assertNamed(store, names)
  const { pending, ready } = sightOf(store, names)
  if (pending === 'spawn') return done(202)
  if (pending !== null) throw new HubError(400, `${user}:${name} is pending ${pending}`)
  if (ready) throw new HubError(400, `${user}:${name} is already running`)
  try {
    assertCapacity(store)
    spawn(performance, names)
  } catch (error) {
    // As the hub does: a server that is refused so late is there nevertheless, stopped.
    if (store.server(user, name) === undefined)
      put(store, names, { options: {}, timeline: unstarted(store.world.now()) })
    throw error
  }
  const { spawnMs, failSpawns } = store.settings
  if (spawnMs > 0) return done(202)
  if (!failSpawns) return done(201)
  const words = `Spawner failed to start [status=1]. The logs for ${user}:${name} may contain details.`
  throw new HubError(500, words)
}

/** `DELETE /users/{user}/servers/{server}`: stops; with `{"remove": true}` also forgets. */
export const stopServer: Perform = (performance) => {
  const { store, call } = performance
  const names = namesOf(performance)
  const { user, name, id } = names
  needScope(performance.caller, ['delete:servers'], { user, server: id })
  // 3.0.0 does not look whether the user exists before it asks for the user's servers.
  if (store.users.get(user) === undefined) throw new HubError(500, 'Internal Server Error')
  const server = store.server(user, name)
  if (server === undefined) throw new HubError(404, `${user} has no server named '${name}'`)
  const { pending, ready } = sightOf(store, names)
  const isRemoval = isRecord(call.json) && call.json.remove === true
  if (pending === 'stop') {
    if (isRemoval) store.servers.change(id, { timeline: destine(server.timeline, { state: removed }) })
    return done(202)
  }
  if (pending !== null) throw new HubError(400, `${user}:${name} is pending ${pending}, please wait`)
  const stopMs = ready ? store.settings.stopMs : 0
  const end = isRemoval ? removed : 'stopped'
  if (ready || isRemoval) {
    store.servers.change(id, { timeline: halted(server.timeline, store.world.now(), { stopMs, end }) })
  }
  return done(stopMs > 0 ? 202 : 204)
}

interface Names {
  user: string
  name: string
  id: string
}

function namesOf({ call }: Performance): Names {
  const { user = '', server: name = '' } = call.params
  return { user, name, id: serverId(user, name) }
}

/** What was never there is like what is stopped. */
function sightOf(store: Store, { user, name }: Names) {
  const now = store.world.now()
  return sight(store.server(user, name)?.timeline ?? unstarted(now), now)
}

/** Without a body the options of the last start are taken. */
function spawn({ store, call }: Performance, names: Names): void {
  const { world, settings } = store
  const server = store.server(names.user, names.name)
  if (call.rawBody.length > 0 && call.json === undefined) throw new HubError(400, 'Invalid JSON in body of request')
  const options = call.json ?? server?.data.options ?? {}
  put(store, names, { options, timeline: spawned(server?.timeline, world.now(), settings) })
}

function put({ servers }: Store, { user, name, id }: Names, next: { options: unknown; timeline: Timeline }): void {
  const { options, timeline } = next
  const data = { user, options }
  if (servers.get(id) === undefined) servers.add({ id, name, owner: user, creation: options, data, timeline })
  else servers.change(id, { data, timeline })
}

function assertNamed(store: Store, { user, name }: Names): void {
  const { allowNamedServers, namedServerLimit } = store.settings
  if (!allowNamedServers) throw new HubError(400, 'Named servers are not enabled.')
  const isNew = store.server(user, name) === undefined
  if (namedServerLimit === 0 || !isNew || store.serversOf(user).length < namedServerLimit) return
  const words = `User ${user} already has the maximum of ${namedServerLimit} named servers.`
  throw new HubError(400, `${words}  One must be deleted before a new server can be created`)
}

function assertCapacity({ servers, world, settings }: Store): void {
  const seen = servers.all().map(({ timeline }) => sight(timeline, world.now()))
  const { concurrentSpawnLimit, activeServerLimit } = settings
  const spawning = seen.filter(({ pending }) => pending === 'spawn').length
  if (concurrentSpawnLimit > 0 && spawning >= concurrentSpawnLimit) throw throttled()
  const active = seen.filter(({ stopped }) => !stopped).length
  if (activeServerLimit === 0 || active < activeServerLimit) return
  throw new HubError(429, 'Active user limit exceeded. Try again in a few minutes.')
}
