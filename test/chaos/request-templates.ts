import { openInertly } from '../../src/capabilities/describe-provider.ts'
import type { Driver } from '../../src/providers/driver.ts'
import { providers } from '../../src/providers/registry.ts'
import type { Account, SandboxProvider } from '../../src/sandbox/provider.ts'
import { type SandboxProviderId, sandboxProviders } from '../../src/sandbox/registry.ts'
import { type Kind, kinds } from '../../src/vocabulary/kinds.ts'

export type Accounts = Readonly<Record<string, Account>>

/** One kind of request to one provider. */
export interface RequestShape {
  provider: SandboxProviderId
  kind: Kind
  /** How often it is drawn, beside the others'. */
  weight: number
  verbs: readonly string[]
  /** A job that runs in an environment of the same provider. */
  needsPool: boolean
  /** How many of its jobs share one. */
  jobsPerPool: number
}

/** Every kind of every provider, with what its driver can do. */
export const shapes: readonly RequestShape[] = Object.values(sandboxProviders).flatMap(({ id }) => {
  const provider = providers.find((each) => each.id === id)
  const drivers = provider === undefined ? {} : openInertly(provider, provider.sample.settings).drivers
  return kinds.flatMap((kind) => {
    const driver = drivers[kind]
    return driver === undefined ? [] : [shapeOf(id as SandboxProviderId, kind, driver)]
  })
})

function shapeOf(
  provider: SandboxProviderId,
  kind: Kind,
  { controls, traits, environment }: Driver<'job'> | Driver<'environment'>,
): RequestShape {
  // Where jobs come one after the other, many of them would take longer than the run.
  const isSlow = traits.exclusiveEnvironment === true
  return {
    provider,
    kind,
    weight: kind === 'environment' ? 6 : isSlow ? 5 : 16,
    verbs: Object.keys(controls),
    needsPool: environment === 'required',
    jobsPerPool: isSlow ? 4 : 40,
  }
}

/** The request of a shape, with all that it needs to run, and a separate name or the example's with this behind it. */
export function bodyOf(
  { provider, kind }: Pick<RequestShape, 'provider' | 'kind'>,
  { accounts, ...given }: { accounts: Accounts } & ({ name: string } | { suffix: string }),
): { name: string } {
  const { client }: SandboxProvider = sandboxProviders[provider]
  const account = accounts[provider] ?? {}
  const example = client[kind]?.(account)
  if (example === undefined) throw new Error(`the sandbox's client of ${provider} has no example of a ${kind}`)
  const name = 'name' in given ? given.name : example.name + given.suffix
  const needs = kind === 'environment' ? (client.unblock?.(account) ?? {}) : {}
  const place = kind === 'job' && client.jobNeedsEnvironment ? {} : { provider }
  return { ...place, ...merged(example, needs), name }
}

/** Both, objects in each other too. */
function merged(a: object, b: object): object {
  const entries = Object.entries(b).map(([key, value]) => {
    const known = (a as Record<string, unknown>)[key]
    return [key, typeof known === 'object' && known !== null ? merged(known, value) : value]
  })
  return { ...a, ...Object.fromEntries(entries) }
}
