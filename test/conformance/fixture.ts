import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest'
import type { Driver } from '../../src/providers/driver.ts'
import { makeHttpClient } from '../../src/providers/kit/http.ts'
import type { OpenProvider } from '../../src/providers/provider.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts'
import type { JsonObject } from '../../src/vocabulary/json.ts'
import type { Kind } from '../../src/vocabulary/kinds.ts'
import { isSecretName } from '../../src/vocabulary/secret-names.ts'
import type { Account, ProviderHarness, SandboxSettings } from './harness.ts'
import { type ProxiedCalls, startProxiedCalls } from './proxied-calls.ts'
import { tapWire, type WireTap } from './wire-tap.ts'

export interface Connection {
  readonly provider: OpenProvider
  readonly tap: WireTap
  driver<K extends Kind>(kind: K): Driver<K>
}

export interface Opening {
  settings?: JsonObject
  credentials?: JsonObject
  timeoutMs?: number
}

/** The setup of every test: an empty sandbox, a connection to it, and one stopped clock for both. */
export interface Fixture {
  readonly harness: ProviderHarness
  readonly sandbox: Sandbox
  readonly account: Account
  readonly url: string
  /** The test's connection, unused so far. */
  readonly connection: Connection
  now(): Date
  monotonicMs(): number
  /** Advances the clock of the provider and of the driver. */
  advance(ms: number): void
  /** Opens another connection. The results of its drivers are searched for secrets, too. */
  open(opening?: Opening): Connection
  /** The proxy of all connections from `open`. */
  readonly proxied: ProxiedCalls
  /** Connections that the sandbox accepted since the start of the test. */
  accepted(): ReturnType<ProxiedCalls['accepted']>
  /** Calls to an operation of the sandbox since the start of the test. */
  calls(operation: string): number
  change(settings: SandboxSettings): void
  /** Waits until a fault was applied. */
  untilFired(): Promise<void>
}

const writers = ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const
const startMs = Date.parse('2026-01-05T00:00:00Z')

export function useFixture(harness: ProviderHarness): Fixture {
  const { provider, sandbox: id } = harness
  const time = { ms: startMs }
  const clock = { now: () => new Date(time.ms), monotonicMs: () => time.ms - startMs }
  let sandbox: Sandbox
  let proxied: ProxiedCalls
  let connection: Connection
  let closing: (() => Promise<void>)[] = []
  let taps: WireTap[] = []
  let outcomes: unknown[] = []
  let written: unknown[][] = []
  let spies: { mockRestore(): void }[] = []

  beforeAll(async () => {
    sandbox = await startSandbox({ providers: [id], clock: { now: () => time.ms } })
    proxied = await startProxiedCalls()
  })

  afterAll(async () => {
    await sandbox.close()
    await proxied.close()
  })

  beforeEach(() => {
    time.ms = startMs
    sandbox.reset()
    proxied.reset()
    sandbox.changeSettings(id, harness.sandboxSettings ?? {})
    connection = open()
    written = []
    spies = writers.map((name) => vi.spyOn(console, name).mockImplementation((...values) => void written.push(values)))
  })

  afterEach(async () => {
    const secrets = [...secretsOf(harness, sandbox.accounts[id]), ...taps.flatMap((tap) => tap.authSecrets())]
    const secretCredentials = Object.entries(harness.credentials(sandbox.accounts[id])).filter(([name]) =>
      isSecretName(name),
    )
    const headers = taps.flatMap((tap) => tap.requests.flatMap((request) => Object.entries(request.headers ?? {})))
    const exposedHeaders = headers.filter(
      ([name, value]) => !isSecretName(name) && secretCredentials.some(([, secret]) => value.includes(String(secret))),
    )
    const output = [...outcomes, ...written.flat()].map(showAll).join('\n')
    for (const spy of spies) spy.mockRestore()
    for (const close of closing) await close()
    closing = []
    taps = []
    outcomes = []
    for (const piece of secrets.flatMap(piecesOf)) {
      if (output.includes(piece)) expect.fail(`A driver disclosed a secret: ${around(output, piece)}`)
    }
    // The proxy may record a tunnel shortly after the sandbox accepted it.
    await vi.waitFor(() => expect(accepted().direct, 'every call of a driver uses the proxy').toBe(0))
    expect(written, 'a driver writes no logs').toEqual([])
    expect(exposedHeaders, 'secrets are sent only in headers whose names mark them as secret').toEqual([])
  })

  function open({ settings = {}, credentials = {}, timeoutMs = 10_000 }: Opening = {}): Connection {
    const base = harness.settings(sandbox.urls[id], sandbox.accounts[id])
    const all = { ...base, ...harness.variantSettings, ...settings }
    const limits = { connectTimeoutMs: 1000, timeoutMs, maxResponseBytes: 10_000_000 }
    const connect = proxied.connector(limits.connectTimeoutMs)
    const http = makeHttpClient({ baseUrl: provider.baseUrl(all), clock, connect, ...limits })
    const tap = tapWire(http)
    const merged = { ...harness.credentials(sandbox.accounts[id]), ...credentials }
    const opened = recordOutcomes(provider.open({ settings: all, credentials: merged, http: tap, clock }), outcomes)
    closing.push(http.close)
    taps.push(tap)
    return { provider: opened, tap, driver: (kind) => driverOf(opened, kind) }
  }

  const accepted = () => proxied.accepted(Number(new URL(sandbox.urls[id]).port))

  return {
    ...{ harness, accepted },
    get proxied() {
      return proxied
    },
    get sandbox() {
      return sandbox
    },
    get account() {
      return sandbox.accounts[id]
    },
    get url() {
      return sandbox.urls[id]
    },
    get connection() {
      return connection
    },
    ...clock,
    advance: (ms) => {
      time.ms += ms
    },
    open,
    calls: (operation) => sandbox.calls()[id]?.[operation] ?? 0,
    change: (changes) => void sandbox.changeSettings(id, changes),
    untilFired: () =>
      vi.waitUntil(() => sandbox.faults.fired.length > 0, { timeout: 30_000, interval: 2 }).then(() => {}),
  }
}

/** The driver of a kind that the harness supports. */
export function driverOf<K extends Kind>(provider: OpenProvider, kind: K): Driver<K> {
  const driver = provider.drivers[kind]
  if (driver === undefined) throw new Error(`no driver for ${kind}`)
  return driver as unknown as Driver<K>
}

function secretsOf(harness: ProviderHarness, account: Account): string[] {
  const { publicCredentials } = harness
  return Object.entries(harness.credentials(account)).flatMap(([name, value]) =>
    typeof value === 'string' && !publicCredentials.includes(name) ? [value] : [],
  )
}

/** A secret, and the first half of a long one, which careless truncation would leave. */
function piecesOf(secret: string): string[] {
  return secret.length < 24 ? [secret] : [secret, secret.slice(0, Math.ceil(secret.length / 2))]
}

/** A copy of the object whose functions record what they return, resolve or reject with. */
function recordOutcomes<T>(value: T, outcomes: unknown[]): T {
  if (typeof value === 'function') {
    const call = value as unknown as (...args: readonly unknown[]) => unknown
    return ((...args: readonly unknown[]) => recordOutcome(call(...args), outcomes)) as unknown as T
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).map(([name, part]) => [name, recordOutcomes(part, outcomes)])
  return Object.fromEntries(entries) as T
}

function recordOutcome(result: unknown, outcomes: unknown[]): unknown {
  if (!(result instanceof Promise)) {
    outcomes.push(result)
    return result
  }
  const record = (outcome: unknown) => outcomes.push(outcome)
  result.then(record, record)
  return result
}

/** Everything about a value that could be logged or stored: message, stack, causes, fields. */
function showAll(value: unknown): string {
  const output = inspect(value, { depth: 20, maxStringLength: null, maxArrayLength: null, breakLength: 200 })
  return value instanceof Error ? `${output}\n${value.stack}` : output
}

function around(text: string, secret: string): string {
  const at = text.indexOf(secret)
  return `…${text.slice(Math.max(0, at - 160), at)}<here>${text.slice(at + secret.length, at + secret.length + 40)}…`
}
