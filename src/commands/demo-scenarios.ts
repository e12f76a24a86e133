import type { RequestBody, SandboxProvider } from '../sandbox/provider.ts'
import { type SandboxProviderId, sandboxProviders } from '../sandbox/registry.ts'
import type { Sandbox } from '../sandbox/server.ts'
import type { ApiRecord } from './api-client.ts'

/** The demo's requests to one provider: the example requests of the documentation in normalized form. */
export interface Scenario {
  provider: string
  title: string
  environment?: RequestBody
  /** The PATCH sent when the environment is `blocked`. */
  unblock?: RequestBody
  /** Runs in the environment if it names no provider. */
  job?: RequestBody
  /** What the ended job printed; shown if present. */
  output?(job: ApiRecord): Promise<string>
}

/** One scenario per provider. Of the sandbox, only generated ids are used. */
export function makeScenarios({ accounts }: Pick<Sandbox, 'accounts'>): readonly Scenario[] {
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
