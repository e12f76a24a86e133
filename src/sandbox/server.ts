import type { FastifyInstance } from 'fastify'
import { makeControl } from './control.ts'
import type { Faults } from './faults.ts'
import type { CallLog } from './listener.ts'
import type { SandboxProvider } from './provider.ts'
import { type SandboxProviderId, sandboxProviders } from './registry.ts'
import { type Act, type CallTable, setStage } from './stage.ts'
import { makeSteering, type Steering } from './steering.ts'
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
export interface Sandbox<P extends SandboxProviderId = SandboxProviderId> extends Steering, PerProvider<P> {
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
  const stage = setStage({
    providers,
    settings: given,
    seed,
    clock,
    ...(log && { log }),
    ...(journalFile && { journalFile }),
  })
  const { acts, populate, ...open } = stage
  const settings = collect(acts, (act) => act.settings)
  const accounts = collect(acts, ({ provider }) => provider.accounts[0])
  const steering = makeSteering(open.world, settings)
  const describe = () => ({ urls: collect(acts, (act) => act.url), accounts })
  const control = makeControl({ ...open, describe, steering, settings, advance: open.world.advance })
  const close = async () => {
    await Promise.all([control, ...acts.map(({ listener }) => listener)].map((listener) => listener.close()))
  }
  const url = await listen(control, acts, options).catch(async (error: unknown) => {
    await close()
    throw error
  })
  populate()
  const otherAccounts = collect(acts, ({ provider }) => provider.accounts.slice(1))
  const perProvider = { urls: collect(acts, (act) => act.url), accounts, otherAccounts, settings }
  // Keyed by the ids in `options.providers`, with the registry's entry for each.
  return { ...open, ...steering, ...(perProvider as unknown as PerProvider<P>), url, close }
}

function chosen(ids: readonly SandboxProviderId[] | undefined): SandboxProvider[] {
  return (ids ?? (Object.keys(sandboxProviders) as SandboxProviderId[])).map((id) => sandboxProviders[id])
}

async function listen(
  control: FastifyInstance,
  acts: readonly Act[],
  { port = 0, host = '127.0.0.1' }: Pick<SandboxOptions<SandboxProviderId>, 'port' | 'host'>,
): Promise<string> {
  for (const act of acts) {
    const ownPort = port === 0 ? 0 : port + act.provider.portOffset
    act.url = await act.listener.listen({ host, port: ownPort })
  }
  return control.listen({ host, port })
}

function collect<T>(acts: readonly Act[], pick: (act: Act) => T): Record<string, T> {
  return Object.fromEntries(acts.map((act) => [act.provider.id, pick(act)]))
}
