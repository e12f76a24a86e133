import { openInertly } from '../../src/capabilities/describe-provider.ts'
import type { Driver } from '../../src/providers/driver.ts'
import { providers } from '../../src/providers/registry.ts'
import type { Account, SandboxProvider } from '../../src/sandbox/provider.ts'
import { type SandboxProviderId, sandboxProviders } from '../../src/sandbox/registry.ts'
import { type Kind, kinds } from '../../src/vocabulary/kinds.ts'

export type Accounts = Readonly<Record<string, Account>>

/** A type of request to a provider. */
export interface RequestTemplate {
  provider: SandboxProviderId
  kind: Kind
  /** Relative frequency. */
  weight: number
  actions: readonly string[]
  /** A job that runs in an environment of the same provider. */
  needsPool: boolean
  /** Jobs per environment. */
  jobsPerPool: number
}

/** Each kind of each provider, with the actions of its driver. */
export const requestTemplates: readonly RequestTemplate[] = Object.values(sandboxProviders).flatMap(({ id }) => {
  const provider = providers.find((each) => each.id === id)
  const drivers = provider === undefined ? {} : openInertly(provider, provider.sample.settings).drivers
  return kinds.flatMap((kind) => {
    const driver = drivers[kind]
    return driver === undefined ? [] : [templateOf(id as SandboxProviderId, kind, driver)]
  })
})

function templateOf(
  provider: SandboxProviderId,
  kind: Kind,
  { controls, traits, environment }: Driver<'job'> | Driver<'environment'>,
): RequestTemplate {
  // Many sequential jobs would take longer than the run.
  const isSlow = traits.exclusiveEnvironment === true
  return {
    provider,
    kind,
    weight: kind === 'environment' ? 6 : isSlow ? 5 : 16,
    actions: Object.keys(controls),
    needsPool: environment === 'required',
    jobsPerPool: isSlow ? 4 : 40,
  }
}

/** A request body with all fields that it needs to run, named `name` or after the example with a suffix. */
export function requestBody(
  { provider, kind }: Pick<RequestTemplate, 'provider' | 'kind'>,
  { accounts, ...given }: { accounts: Accounts } & ({ name: string } | { suffix: string }),
): { name: string } {
  const { client }: SandboxProvider = sandboxProviders[provider]
  const account = accounts[provider] ?? {}
  const example = client[kind]?.(account)
  if (example === undefined) throw new Error(`the sandbox's client of ${provider} has no example of a ${kind}`)
  const name = 'name' in given ? given.name : example.name + given.suffix
  const required = kind === 'environment' ? (client.unblock?.(account) ?? {}) : {}
  const target = kind === 'job' && client.jobNeedsEnvironment ? {} : { provider }
  return { ...target, ...merged(example, required), name }
}

/** A deep merge. */
function merged(a: object, b: object): object {
  const entries = Object.entries(b).map(([key, value]) => {
    const known = (a as Record<string, unknown>)[key]
    return [key, typeof known === 'object' && known !== null ? merged(known, value) : value]
  })
  return { ...a, ...Object.fromEntries(entries) }
}
