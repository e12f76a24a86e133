import type { FastifyInstance } from 'fastify'
import { type Control, makeControl } from './control.ts'
import { makeControlApi } from './control-api.ts'
import type { Faults } from './faults.ts'
import type { CallLog } from './listener.ts'
import type { SandboxProvider } from './provider.ts'
import { type SandboxProviderId, sandboxProviders } from './registry.ts'
import { type CallTable, type Instance, makeRuntime } from './runtime.ts'
import type { Clock, World } from './world.ts'

/** The settings of a provider. */
export type SettingsOf<P extends SandboxProviderId> =
  (typeof sandboxProviders)[P] extends SandboxProvider<infer S, infer _A> ? S : never

/** The account of a provider. */
export type AccountOf<P extends SandboxProviderId> = (typeof sandboxProviders)[P]['accounts'][number]

export interface SandboxOptions<P extends SandboxProviderId> {
  /** The providers to run; all if absent. */
  providers?: readonly P[]
  /**
   * The control API's port; each provider uses the one `portOffset` above it. With 0, the default, the system chooses
   * every port.
   */
  port?: number
  /** The listening address; 127.0.0.1 by default. */
  host?: string
  /** The seed of ids; `switchyard` by default. */
  seed?: string
  /** The clock, in epoch ms; the system's by default. */
  clock?: Clock
  log?: CallLog
  /** Settings that differ from a provider's defaults. */
  settings?: { readonly [K in P]?: Partial<SettingsOf<K>> }
  /** A file that keeps the objects across a restart, even after SIGKILL. */
  journalFile?: string
}

/** The state of a sandbox by provider. */
interface PerProvider<P extends SandboxProviderId> {
  /** The base URL of each provider. */
  readonly urls: Readonly<Record<P, string>>
  /** The credentials for clients. */
  readonly accounts: { readonly [K in P]: AccountOf<K> }
  /** Accounts whose objects the first must not see. */
  readonly otherAccounts: { readonly [K in P]: readonly AccountOf<K>[] }
  /** Mutable: an assignment takes effect at the next call. */
  readonly settings: { readonly [K in P]: SettingsOf<K> }
}

/** A running sandbox. */
export interface Sandbox<P extends SandboxProviderId = SandboxProviderId> extends Control, PerProvider<P> {
  /** The control API's origin; its paths begin with `/_sandbox`. */
  readonly url: string
  readonly world: World
  readonly faults: Faults
  /** Calls to known operations since the last reset, including rejected and faulted ones. */
  calls(): CallTable
  /** Resets the sandbox: no objects, faults or calls, initial settings. */
  reset(): void
  close(): Promise<void>
}

/**
 * Starts a listener per provider and one for the control API.
 *
 * @throws when a port is taken
 */
export async function startSandbox<P extends SandboxProviderId = SandboxProviderId>(
  options: SandboxOptions<P> = {},
): Promise<Sandbox<P>> {
  const { seed = 'switchyard', clock = { now: Date.now }, settings: given = {}, log, journalFile } = options
  const providers = chosen(options.providers)
  const runtime = makeRuntime({
    providers,
    settings: given,
    seed,
    clock,
    ...(log && { log }),
    ...(journalFile && { journalFile }),
  })
  const { instances, populate, ...open } = runtime
  const settings = collect(instances, (instance) => instance.settings)
  const accounts = collect(instances, ({ provider }) => provider.accounts[0])
  const control = makeControl(open.world, settings)
  const describe = () => ({ urls: collect(instances, (instance) => instance.url), accounts })
  const controlApi = makeControlApi({ ...open, describe, control, settings, advance: open.world.advance })
  const close = async () => {
    await Promise.all([controlApi, ...instances.map(({ listener }) => listener)].map((listener) => listener.close()))
  }
  const url = await listen(controlApi, instances, options).catch(async (error: unknown) => {
    await close()
    throw error
  })
  populate()
  const otherAccounts = collect(instances, ({ provider }) => provider.accounts.slice(1))
  const perProvider = { urls: collect(instances, (instance) => instance.url), accounts, otherAccounts, settings }
  // Keyed by the ids in `options.providers`, with the registry's entry for each.
  return { ...open, ...control, ...(perProvider as unknown as PerProvider<P>), url, close }
}

function chosen(ids: readonly SandboxProviderId[] | undefined): SandboxProvider[] {
  return (ids ?? (Object.keys(sandboxProviders) as SandboxProviderId[])).map((id) => sandboxProviders[id])
}

async function listen(
  control: FastifyInstance,
  instances: readonly Instance[],
  { port = 0, host = '127.0.0.1' }: Pick<SandboxOptions<SandboxProviderId>, 'port' | 'host'>,
): Promise<string> {
  for (const instance of instances) {
    const ownPort = port === 0 ? 0 : port + instance.provider.portOffset
    instance.url = await instance.listener.listen({ host, port: ownPort })
  }
  return control.listen({ host, port })
}

function collect<T>(instances: readonly Instance[], pick: (instance: Instance) => T): Record<string, T> {
  return Object.fromEntries(instances.map((instance) => [instance.provider.id, pick(instance)]))
}
