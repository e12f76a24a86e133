import { readText } from '../kit/fields.ts'
import { webUrl } from '../kit/web-url.ts'
import type { Access } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { HubClient } from './client.ts'
import { hubVersion } from './hub-version.ts'
import type { ServerName } from './mapping.ts'
import { rawStateOf } from './observation.ts'
import { isServerOrigin } from './server-origin.ts'
import type { Servers } from './servers.ts'
import type { JupyterhubSettings } from './settings.ts'
import { authorizationOf } from './signer.ts'
import { type NewToken, userPath } from './wire.ts'

/**
 * The URL of a ready server, with a short-lived token of its user that is limited to this server. The connection's
 * token is never disclosed.
 */
export async function accessTo(
  remoteId: string,
  { client, servers, settings }: { client: HubClient; servers: Servers; settings: JupyterhubSettings },
  signal: AbortSignal,
): Promise<Access> {
  const name = servers.nameOf(remoteId)
  const found = name === null ? 'gone' : await servers.read(name, signal)
  if (name === null || found === 'gone') throw new ProviderError('not_found', 'The JupyterHub server does not exist.')
  if (rawStateOf(found.model) !== 'ready') return { urls: [] }
  const url = webUrl(readText(found.model, 'url') ?? '/', settings.baseUrl)
  // A token is disclosed only for the server's origin.
  if (!isServerOrigin(url, name.user, settings)) return { urls: [{ name: 'jupyter', url: url.href }] }
  const isInUrl = settings.tokenInUrl ?? (await takesTokenInUrl(client, signal))
  const token = await makeToken(client, name, { seconds: settings.accessSeconds, signal })
  if (token === undefined) return { urls: [{ name: 'jupyter', url: url.href }] }
  if (isInUrl) url.searchParams.set('token', token)
  return { urls: [{ name: 'jupyter', url: url.href }], token, ...authorizationOf(token) }
}

/**
 * Up to 4.x a server accepts a token in its URL like a login of its user. From 5.0 on it does so only if configured,
 * and redirects a browser to the hub's login; every version accepts the header.
 * Source: `allow_token_in_url` of services/auth.py, 5.0.0
 */
async function takesTokenInUrl(client: HubClient, signal: AbortSignal): Promise<boolean> {
  const { major } = await hubVersion(client, signal)
  return major < 5
}

/** Undefined if the connection may not create tokens. The URL is still useful: its user can log in at the hub. */
async function makeToken(
  client: HubClient,
  { user, server }: ServerName,
  { seconds, signal }: { seconds: number; signal: AbortSignal },
): Promise<string | undefined> {
  const body: NewToken = {
    note: 'Created by Switchyard for access to one server',
    expires_in: seconds,
    scopes: [`access:servers!server=${user}/${server}`],
  }
  try {
    const call = { method: 'POST', path: `${userPath(user)}/tokens`, body: { ...body } } as const
    return readText(await client.read(call, { signal }), 'token')
  } catch (error) {
    if (error instanceof ProviderError && error.code === 'permission_denied') return undefined
    throw error
  }
}
