import type { FastifyInstance } from 'fastify'
import { type Faults, makeFaults } from './faults.ts'
import { openJournal } from './journal.ts'
import { type CallLog, makeListener } from './listener.ts'
import type { Emulation, SandboxProvider, Settings } from './provider.ts'
import { makeRandom } from './random.ts'
import { type Clock, makeWorld, type World } from './world.ts'

/** The number of calls of each operation, by provider and operation. */
export type CallTable = Readonly<Record<string, Readonly<Record<string, number>>>>

export interface RuntimeOptions {
  providers: readonly SandboxProvider[]
  /** Settings that differ from a provider's defaults, by provider. */
  settings: Readonly<Record<string, object>>
  seed: string
  clock: Clock
  log?: CallLog
  journalFile?: string
}

/** One provider instance, available once its listener is listening. */
export interface Instance {
  readonly provider: SandboxProvider
  readonly settings: Settings
  readonly listener: FastifyInstance
  /** Empty until the listener is listening. */
  url: string
}

/** The world, the faults and the providers, before anything is listening. */
export interface Runtime {
  readonly world: World
  readonly faults: Faults
  readonly instances: readonly Instance[]
  calls(): CallTable
  /** Creates the initial objects of providers that have none. */
  populate(): void
  /** Resets the sandbox: no objects, faults or calls, initial settings. */
  reset(): void
}

export function makeRuntime({ providers, settings: given, seed, clock, log, journalFile }: RuntimeOptions): Runtime {
  const journal = journalFile === undefined ? undefined : openJournal(journalFile)
  const world = makeWorld({ clock, seed, ...(journal && { journal }) })
  const faults = makeFaults({ random: makeRandom(`${seed}/faults`), now: world.now })
  const counts = makeCallCounts()
  const shared = { world, faults, clock, ...(log && { log }) }
  const opened = providers.map((provider) => {
    const initialSettings: Settings = { ...provider.settings, ...given[provider.id] }
    return openInstance(provider, initialSettings, { ...shared, onCall: counts.add })
  })
  const populate = () => {
    for (const { instance, emulation } of opened) {
      if (world.objects(instance.provider.id).length === 0) emulation.populate?.()
    }
  }
  const reset = () => {
    world.clear()
    faults.clear()
    counts.clear()
    for (const { instance, initialSettings } of opened) Object.assign(instance.settings, initialSettings)
    populate()
  }
  return { world, faults, instances: opened.map(({ instance }) => instance), calls: counts.table, populate, reset }
}

interface SharedParts {
  world: World
  faults: Faults
  clock: Clock
  log?: CallLog
  onCall(provider: string, operation: string): void
}

function openInstance(provider: SandboxProvider, initialSettings: Settings, { onCall, ...shared }: SharedParts) {
  const settings = { ...initialSettings }
  const emulation: Emulation = provider.open({ world: shared.world, settings, url: () => instance.url })
  const { id } = provider
  const listener = makeListener({ ...shared, provider: id, emulation, settings, onCall: (name) => onCall(id, name) })
  const instance: Instance = { provider, settings, listener, url: '' }
  return { instance, emulation, initialSettings }
}

function makeCallCounts() {
  const counts = new Map<string, Map<string, number>>()
  return {
    add: (provider: string, operation: string) => {
      const ofProvider = counts.get(provider) ?? new Map<string, number>()
      counts.set(provider, ofProvider.set(operation, (ofProvider.get(operation) ?? 0) + 1))
    },
    clear: () => counts.clear(),
    table: (): CallTable =>
      Object.fromEntries([...counts].map(([provider, byOperation]) => [provider, Object.fromEntries(byOperation)])),
  }
}
