import type { RequestBody, SandboxProvider } from '../sandbox/provider.ts'
import { type SandboxProviderId, sandboxProviders } from '../sandbox/registry.ts'
import type { Sandbox } from '../sandbox/server.ts'

/** What the demo sends to one provider: the documents' own example requests in normalized form. */
export interface Story {
  provider: string
  title: string
  environment?: RequestBody
  /** What the environment needs before it runs: sent to PATCH once it is `blocked`. */
  unblock?: RequestBody
  /** Without a provider it runs in the environment. */
  job?: RequestBody
}

/** A story of each provider. Only ids that the sandbox made up are taken from it. */
export function makeStories({ accounts }: Pick<Sandbox, 'accounts'>): readonly Story[] {
  return (Object.keys(sandboxProviders) as SandboxProviderId[]).map((provider) => {
    const { client }: SandboxProvider = sandboxProviders[provider]
    const [environment, unblock, job] = [client.environment, client.unblock, client.job].map((make) =>
      make?.(accounts[provider]),
    )
    return {
      provider,
      title: client.title,
      ...(environment && { environment: { provider, ...environment } }),
      ...(unblock && { unblock }),
      ...(job && { job: client.jobNeedsEnvironment ? job : { provider, ...job } }),
    }
  })
}
