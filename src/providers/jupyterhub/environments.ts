import type { Driver, SendBy, Traits } from '../provider.ts'
import { ProviderError } from '../provider-error.ts'
import { accessTo } from './access.ts'
import { type HubClient, jsonHeaders } from './client.ts'
import { makeControls, started } from './controls.ts'
import { isNotFound, renamed } from './errors.ts'
import { findServers } from './finding.ts'
import { acceptsOf, errorsOf, options, remoteIdOf, serverOf, tagLength, userOptionsOf } from './mapping.ts'
import { environmentOf, states } from './observation.ts'
import { makeServers, type OwnedServer } from './servers.ts'
import type { JupyterhubSettings } from './settings.ts'
import { serverPath, userPath } from './wire.ts'

const traits: Traits<'environment'> = {
  // A server stands in its user's model as soon as its start is read.
  listLagMs: 0,
  // The hub reads a request at once; what may hold one up is its proxy, or the one thread that serves everybody.
  maxProcessingMs: 30_000,
  // A start of a name that exists starts that server.
  uniqueNames: true,
  // A removed server's name is free again, and a start would make it anew.
  reusesIds: true,
  enforces: [],
  // A start that is under way cannot be stopped ("is pending spawn, please wait").
  deletableIn: ['running', 'stopping', 'stopped', 'failed', 'blocked'],
}

/** Named servers. A create is a start of a name that nobody has yet, so sending it twice makes one server. */
export function makeEnvironments(
  client: HubClient,
  settings: JupyterhubSettings,
  literals: readonly string[],
): Driver<'environment'> {
  const servers = makeServers(client, settings)
  const observe = (server: OwnedServer) => environmentOf(server, settings, literals)

  return {
    accepts: acceptsOf(settings),
    options,
    states,
    traits,
    tagLength,
    check: (spec) => errorsOf(spec, settings),

    plan: (intent) => ({
      method: 'POST',
      target: client.target(serverPath(serverOf(intent, settings))),
      headers: jsonHeaders,
      body: userOptionsOf(intent.spec, settings),
    }),

    async create(intent, signal) {
      const name = serverOf(intent, settings)
      const fence = { sendBy: intent.sendBy, signal }
      const withoutUser = settings.createsUsers ? await ensureUser(client, name.user, fence) : null
      const call = { method: 'POST', path: serverPath(name), body: userOptionsOf(intent.spec, settings) } as const
      await client.create(call, started, fence).catch((error: unknown) => {
        throw withoutUser !== null && isNotFound(error) ? withoutUser : error
      })
      // The answer tells no id, and need not: the name is the id.
      return { remoteId: remoteIdOf(name) }
    },

    find: (intents, signal) => findServers(intents, { servers, settings, observe }, signal),

    async get(remoteId, signal) {
      const name = servers.nameOf(remoteId)
      const found = name === null ? 'gone' : await servers.read(name, signal)
      return found === 'gone' ? found : observe(found)
    },

    async list({ cursor }, signal) {
      const page = await servers.page(cursor, signal)
      return { seen: page.servers.map(observe), next: page.next }
    },

    controls: makeControls(client, servers),
    access: (remoteId, signal) => accessTo(remoteId, { client, servers, settings }, signal),
  }
}

/**
 * A named server needs its user to exist. Whatever the hub says to this, the start itself tells what is so; only without
 * an answer nothing is started. Resolves with the failure, which then is what a start fails with that finds no user,
 * unless it means that the hub has the user (409) or that the token may not add any (403).
 */
async function ensureUser(
  client: HubClient,
  user: string,
  fence: { sendBy: SendBy; signal: AbortSignal },
): Promise<ProviderError | null> {
  try {
    await client.read({ method: 'POST', path: userPath(user) }, fence)
    return null
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    const failure = renamed(error, { notSent: true })
    const isAnswered = error.httpStatus !== undefined
    if (error.notSent || (error.code === 'timeout' && !isAnswered)) throw failure
    return error.code === 'conflict' || error.code === 'permission_denied' ? null : failure
  }
}
