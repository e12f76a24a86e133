import type { ProviderResponse } from '../provider.ts'
import { hasScope } from './callers.ts'
import { type Snapshot, snapshotAt } from './lifecycle.ts'
import type { Execute, OperationContext } from './operation.ts'
import { serverId } from './store.ts'
import { hubTime } from './wire.ts'

/** `GET /user/{user}/{server}/api/status`: the Jupyter server, which the proxy reaches while it is ready. */
export const serverStatus: Execute = (context) => {
  const { user, name, seen } = serverOf(context)
  if (seen === undefined) return redirect(`/hub/user/${user}/${name}/api/status`)
  if (!mayOpen(context)) return { status: 403, body: { message: 'Forbidden', reason: null } }
  const times = { last_activity: hubTime(seen.lastActivityAt ?? 0), started: hubTime(seen.startedAt ?? 0) }
  return { status: 200, body: { connections: 0, kernels: 0, ...times } }
}

/**
 * `GET /user/{user}/{server}/`: the server's page, or a redirect to the hub's login (through
 * `/hub/api/oauth2/authorize`, omitted here).
 */
export const serverPage: Execute = (context) => {
  const { user, name, seen } = serverOf(context)
  if (seen === undefined) return redirect(`/hub/user/${user}/${name}/`)
  return mayOpen(context)
    ? page('Jupyter Server')
    : redirect(`/hub/login?next=${encodeURIComponent(`/user/${user}/${name}/`)}`)
}

export const hubLogin: Execute = () => page('JupyterHub: sign in')

const redirect = (location: string): ProviderResponse => ({ status: 302, body: undefined, headers: { location } })

function page(title: string): ProviderResponse {
  return { status: 200, body: `<title>${title}</title>`, headers: { 'content-type': 'text/html' } }
}

/** `seen` is undefined unless the server is ready: only then does the proxy route to it. */
function serverOf({ store, call }: OperationContext): { user: string; name: string; seen: Snapshot | undefined } {
  const { user = '', server: name = '' } = call.params
  const server = store.server(user, name)
  const seen = server === undefined ? undefined : snapshotAt(server.timeline, store.world.now())
  return { user, name, seen: seen?.ready === true ? seen : undefined }
}

function mayOpen({ callers, call }: OperationContext): boolean {
  const { user = '', server = '' } = call.params
  const caller = callers.atServer(call)
  return caller !== undefined && hasScope(caller, 'access:servers', { user, server: serverId(user, server) })
}
