import type { Driver } from '../driver.ts'
import { ProviderError } from '../provider-error.ts'
import type { SendBy } from '../session.ts'
import type { Traits } from '../traits.ts'
import { accessTo } from './access.ts'
import { type HubClient, jsonHeaders } from './client.ts'
import { makeControls, started } from './controls.ts'
import { isNotFound, withDetails } from './errors.ts'
import { findServers } from './find-servers.ts'
import { acceptsOf, errorsOf, options, remoteIdOf, serverOf, tagLength, userOptionsOf } from './mapping.ts'
import { environmentOf, states } from './observation.ts'
import { makeServers, type OwnedServer } from './servers.ts'
import type { JupyterhubSettings } from './settings.ts'
import { serverPath, userPath } from './wire.ts'

const traits: Traits<'environment'> = {
  // A server is in its user's model as soon as its start is accepted.
  listConsistencyLagMs: 0,
  // The hub reads a request immediately; only its proxy or its single thread may delay one.
  maxProcessingMs: 30_000,
  // Starting an existing name starts that server.
  uniqueNames: true,
  // The name of a removed server is free again, and a start would create it again.
  reusesIds: true,
  enforces: [],
  // A pending start cannot be stopped ("is pending spawn, please wait").
  deletableIn: ['running', 'stopping', 'stopped', 'failed', 'blocked'],
}

/** Named servers. A create is a start of an unused name, so sending it twice creates one server. */
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
      // The response contains no id; the name is the id.
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
 * Creates the user of a named server if missing. The outcome is left to the start, unless there is no response: then
 * nothing is started. Resolves with the failure, which a start that finds no user then reports, unless it means that
 * the user exists (409) or that the token may not add users (403).
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
    const failure = withDetails(error, { notSent: true })
    const hasResponse = error.httpStatus !== undefined
    if (error.notSent || (error.code === 'timeout' && !hasResponse)) throw failure
    return error.code === 'conflict' || error.code === 'permission_denied' ? null : failure
  }
}
