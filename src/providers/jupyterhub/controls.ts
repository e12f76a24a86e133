import type { Driver } from '../driver.ts'
import { ProviderError } from '../provider-error.ts'
import type { HubClient } from './client.ts'
import { isNotFound, withDetails } from './errors.ts'
import type { ServerName } from './mapping.ts'
import type { Servers } from './servers.ts'
import { removal, serverPath } from './wire.ts'

/** Started, and pending: the hub waits some seconds (10 by default) for a start before it returns 202. */
export const started = [201, 202]
const stopped = [204, 202]

/** Start, stop and delete. https://jupyterhub.readthedocs.io/en/3.0.0/reference/rest-api.html */
export function makeControls(client: HubClient, servers: Servers): Required<Driver<'environment'>['controls']> {
  /** "No such server" may also mean that it is hidden, and for an unknown user the hub fails with HTTP 500. */
  async function unlessGone(error: unknown, name: ServerName, signal: AbortSignal): Promise<void> {
    const isMissing = isNotFound(error)
    if (!isMissing && !hasStumbled(error)) throw error
    if ((await servers.read(name, signal)) === 'gone') return
    throw isMissing ? withDetails(error, { code: 'permission_denied', field: 'credentials.token' }) : error
  }

  async function end(remoteId: string, body: object, signal: AbortSignal): Promise<void> {
    const name = servers.nameOf(remoteId)
    if (name === null) return
    const call = { method: 'DELETE', path: serverPath(name), ...body } as const
    await client.act(call, stopped, { signal }).catch((error: unknown) => unlessGone(error, name, signal))
  }

  return {
    /** Without a body the hub uses the options of the last start. */
    async start(remoteId, signal) {
      const name = servers.nameOf(remoteId)
      if (name === null) throw new ProviderError('not_found', 'The server does not exist on this connection.')
      await client.act({ method: 'POST', path: serverPath(name) }, started, { signal }).catch((error: unknown) => {
        if (!isRunningAlready(error)) throw error
      })
    },

    /** Stopping a stopped server returns success. */
    stop: (remoteId, signal) => end(remoteId, {}, signal),

    /** The hub stops a running server first. */
    delete: (remoteId, signal) => end(remoteId, { body: removal }, signal),
  }
}

function isRunningAlready(error: unknown): boolean {
  return error instanceof ProviderError && error.code === 'conflict' && /is already running$/.test(error.message)
}

function hasStumbled(error: unknown): boolean {
  return error instanceof ProviderError && error.httpStatus === 500
}
