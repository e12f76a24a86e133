import { connect } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { Value } from '@sinclair/typebox/value'
import type { buildConnector } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reviseSettings } from '../../../src/connections/revise-settings.ts'
import { makeHttpClient } from '../../../src/providers/kit/http.ts'
import type { OpenProvider } from '../../../src/providers/provider.ts'
import type { Json, JsonObject } from '../../../src/vocabulary/json.ts'
import { type Kind, kinds } from '../../../src/vocabulary/kinds.ts'
import { type StubServer, startStubServer } from '../../support/stub-server.ts'
import type { Bench } from '../bench.ts'
import { otherValues } from '../other-values.ts'
import { longMs, type Made, makeSubject, signal } from '../subject.ts'

/** Enough to reach each way in which a value could be used. */
const maxValues = 2

/**
 * What the settings promise that decide where credentials go. Each setting in turn gets other values, and each host that
 * the connection did not call before is a capture server: nothing may arrive there, or the setting is declared.
 */
export function describeEndpoints(bench: Bench): void {
  const { provider, variantSettings } = bench.harness
  const { settings: schema, endpointSettings } = provider
  const names = Object.keys(schema.properties)
  let capture: StubServer

  beforeAll(async () => {
    capture = await startStubServer()
  })
  afterAll(() => capture.close())

  /** As the harness connects, and with the addresses that the settings have by default. */
  function baselines(): readonly JsonObject[] {
    const pinned = { ...bench.harness.settings(bench.url, bench.account), ...variantSettings }
    const isPinned = (name: string, value: Json) => isRemovable(name) && value === bench.url
    const others = Object.entries(pinned).filter(([name, value]) => !isPinned(name, value))
    return [filled(pinned), filled(Object.fromEntries(others))]
  }
  const filled = (settings: JsonObject) => Value.Default(schema, structuredClone(settings)) as JsonObject
  const isRemovable = (name: string) =>
    schema.properties[name]?.default !== undefined || schema.required?.includes(name) !== true

  /** What a PATCH of one setting makes of all, as far as it changes anything. */
  function revisions(settings: JsonObject, name: string): readonly { given: JsonObject; revised: JsonObject }[] {
    const property = schema.properties[name]
    if (property === undefined) return []
    const { [name]: current, ...others } = settings
    const values = otherValues(property, current, capture.url).slice(0, maxValues)
    const changes = values.map((value) => ({ given: { [name]: value }, revised: { ...settings, [name]: value } }))
    const removed = { given: { [name]: null }, revised: filled(others) }
    const isRemoval = isRemovable(name) && !isDeepStrictEqual(removed.revised, settings)
    return isRemoval ? [...changes, removed] : changes
  }

  /** Makes every call that a connection with these settings makes. Answers the hosts that were called. */
  async function exercise(settings: JsonObject, made: readonly AnyMade[], known: ReadonlySet<string> | null) {
    const called = new Set<string>()
    const isHere = (host: string) => known === null || known.has(host)
    const connector: buildConnector.connector = ({ protocol, hostname, port }, callback) => {
      const host = `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`
      called.add(host)
      const target = new URL(isHere(host) ? bench.url : capture.url)
      const socket = connect(Number(target.port), target.hostname)
      socket.once('connect', () => bench.proxied.except(socket))
      socket.once('connect', () => callback(null, socket)).once('error', (error) => callback(error, null))
    }
    const { now, monotonicMs } = bench
    const http = makeHttpClient({
      ...{ baseUrl: provider.baseUrl(settings), clock: { now, monotonicMs }, connect: connector },
      ...{ connectTimeoutMs: 1000, timeoutMs: 5000, maxResponseBytes: 10_000_000 },
    })
    const credentials = bench.harness.credentials(bench.account)
    await useAll(provider.open({ settings, credentials, http, clock: { now, monotonicMs } }), made)
    await http.close()
    return called
  }

  const knownHosts = new Map<string, ReadonlySet<string>>()

  /** The hosts that are called with the revised settings and were not before; each of them is the capture server. */
  async function strangersCalled(
    { settings, revised }: { settings: JsonObject; revised: JsonObject },
    made: readonly AnyMade[],
  ): Promise<readonly string[]> {
    const key = JSON.stringify(settings)
    const known = knownHosts.get(key) ?? (await exercise(settings, made, null))
    knownHosts.set(key, known)
    expect(known.size).toBeGreaterThan(0)
    const called = await exercise(revised, made, known)
    return [...called].filter((host) => !known.has(host))
  }

  async function leadsElsewhere(name: string, made: readonly AnyMade[]): Promise<boolean> {
    for (const settings of baselines()) {
      const [first] = revisions(settings, name)
      if (first !== undefined && (await strangersCalled({ settings, ...first }, made)).length > 0) return true
    }
    return false
  }

  async function makeOneOfEach(): Promise<readonly AnyMade[]> {
    const made: AnyMade[] = []
    for (const kind of kinds) {
      const driver = bench.connection.provider.drivers[kind]
      if (driver === undefined) continue
      const subject = makeSubject(bench, kind, driver as never)
      made.push({ kind, ...(await subject.make()), fresh: (await subject.intent()) as never } as AnyMade)
    }
    return made
  }

  describe('settings', () => {
    it('that decide where credentials go are settings, and no others change where they go', () => {
      expect(names).toEqual(expect.arrayContaining([...endpointSettings]))
      for (const name of names.filter((each) => !endpointSettings.includes(each)))
        for (const settings of baselines())
          for (const { revised } of revisions(settings, name))
            expect(provider.endpoints(revised)).toEqual(provider.endpoints(settings))
    })

    it.each(endpointSettings)('do not change without new credentials: %s', (name) => {
      for (const settings of baselines()) {
        const changes = revisions(settings, name)
        expect(changes.length).toBeGreaterThan(0)
        for (const { given } of changes)
          expect(() => reviseSettings(provider, settings, { given, hasCredentials: false })).toThrow(
            expect.objectContaining({ code: 'unprocessable' }),
          )
      }
    })

    it(
      'lead elsewhere where they are declared to: the capture server is reached',
      async () => {
        const made = await makeOneOfEach()
        const { unreachedEndpoints = [] } = bench.harness
        const reached: string[] = []
        for (const name of endpointSettings) if (await leadsElsewhere(name, made)) reached.push(name)
        expect([...reached, ...unreachedEndpoints].sort()).toEqual([...endpointSettings].sort())
        expect(capture.requests.length).toBeGreaterThan(0)
      },
      longMs,
    )

    it.each(names.filter((name) => !endpointSettings.includes(name)))(
      'lead nothing to another host, whatever %s says',
      async (name) => {
        const made = await makeOneOfEach()
        const before = capture.requests.length
        for (const settings of baselines())
          for (const { revised } of revisions(settings, name))
            expect(await strangersCalled({ settings, revised }, made)).toEqual([])
        expect(capture.requests).toHaveLength(before)
      },
      longMs,
    )
  })
}

interface AnyMade extends Made<Kind> {
  kind: Kind
  /** Of an object that does not exist yet. */
  fresh: Made<Kind>['intent']
}

/** Each method once; how it ends does not matter. */
async function useAll({ drivers, verify }: OpenProvider, made: readonly AnyMade[]): Promise<void> {
  await Promise.allSettled([verify(signal), ...made.flatMap((each) => callsOf(drivers, each))])
  await Promise.allSettled(made.flatMap((each) => controlsOf(drivers, each)))
}

function callsOf(drivers: OpenProvider['drivers'], { kind, intent, fresh, remoteId }: AnyMade): Promise<unknown>[] {
  const driver = drivers[kind] as never as NonNullable<OpenProvider['drivers']['job']>
  const spec = intent.spec as never
  return [
    driver.list({ cursor: null, watched: [remoteId] }, signal),
    driver.get(remoteId, signal),
    driver.find([intent as never], signal),
    driver.create(fresh as never, signal),
    driver.prepare?.(spec, intent.environmentRemoteId, signal),
    driver.update?.(remoteId, spec, signal),
    driver.logs?.(remoteId, null, signal),
    driver.access?.(remoteId, signal),
    driver.catalog?.(signal),
  ].filter((call) => call !== undefined)
}

function controlsOf(drivers: OpenProvider['drivers'], { kind, intent, remoteId }: AnyMade): Promise<unknown>[] {
  const controls = Object.values(drivers[kind]?.controls ?? {})
  return controls.map((control) => control(remoteId, signal, intent.spec as never))
}
