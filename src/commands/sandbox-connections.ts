import type { SandboxProvider } from '../sandbox/provider.ts'
import { type SandboxProviderId, sandboxProviders } from '../sandbox/registry.ts'
import type { Sandbox } from '../sandbox/server.ts'
import type { JsonObject } from '../vocabulary/json.ts'

type RunningSandbox<P extends SandboxProviderId = SandboxProviderId> = Pick<Sandbox<P>, 'urls' | 'accounts'>

/** The `POST /connections` requests for all sandbox providers. */
export function sandboxConnections(sandbox: RunningSandbox) {
  return (Object.keys(sandboxProviders) as SandboxProviderId[]).map((id) => sandboxConnection(sandbox, id))
}

/** The `POST /connections` request for one sandbox provider. */
export function sandboxConnection<P extends SandboxProviderId>({ urls, accounts }: RunningSandbox<P>, id: P) {
  const { client }: SandboxProvider = sandboxProviders[id]
  const { settings, credentials } = client.connection(urls[id], accounts[id])
  return {
    name: `sandbox-${id}`,
    settings: { [id]: settings as JsonObject },
    credentials: { [id]: credentials as JsonObject },
  }
}
