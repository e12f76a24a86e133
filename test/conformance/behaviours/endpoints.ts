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
import type { Fixture } from '../fixture.ts'
import { otherValues } from '../other-values.ts'
import { type CreatedObject, longMs, makeSubject, signal } from '../subject.ts'

/** Enough values to reach each use of a setting. */
const maxValues = 2

/**
 * Settings that determine which hosts receive credentials. Each setting in turn gets other values, and each host that the
 * connection did not call before is a capture server: if a request arrives there, the setting must be declared.
 */
export function describeEndpoints(fixture: Fixture): void {
  const { provider, variantSettings } = fixture.harness
  const { settings: schema, endpointSettings } = provider
  const names = Object.keys(schema.properties)
  let capture: StubServer

  beforeAll(async () => {
    capture = await startStubServer()
  })
  afterAll(() => capture.close())

  /** The settings of the harness, and the same with default addresses. */
  function baselines(): readonly JsonObject[] {
    const pinned = { ...fixture.harness.settings(fixture.url, fixture.account), ...variantSettings }
    const isPinned = (name: string, value: Json) => isRemovable(name) && value === fixture.url
    const others = Object.entries(pinned).filter(([name, value]) => !isPinned(name, value))
    return [filled(pinned), filled(Object.fromEntries(others))]
  }
  const filled = (settings: JsonObject) => Value.Default(schema, structuredClone(settings)) as JsonObject
  const isRemovable = (name: string) =>
    schema.properties[name]?.default !== undefined || schema.required?.includes(name) !== true

  /** The results of a PATCH of one setting that change anything. */
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

  /** Makes every call of a connection with these settings. Returns the hosts that were called. */
  async function exercise(settings: JsonObject, made: readonly AnyCreated[], known: ReadonlySet<string> | null) {
    const called = new Set<string>()
    const isKnown = (host: string) => known === null || known.has(host)
    const connector: buildConnector.connector = ({ protocol, hostname, port }, callback) => {
      const host = `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`
      called.add(host)
      const target = new URL(isKnown(host) ? fixture.url : capture.url)
      const socket = connect(Number(target.port), target.hostname)
      socket.once('connect', () => fixture.proxied.exclude(socket))
      socket.once('connect', () => callback(null, socket)).once('error', (error) => callback(error, null))
    }
    const { now, monotonicMs } = fixture
    const http = makeHttpClient({
      ...{ baseUrl: provider.baseUrl(settings), clock: { now, monotonicMs }, connect: connector },
      ...{ connectTimeoutMs: 1000, timeoutMs: 5000, maxResponseBytes: 10_000_000 },
    })
    const credentials = fixture.harness.credentials(fixture.account)
    await callAll(provider.open({ settings, credentials, http, clock: { now, monotonicMs } }), made)
    await http.close()
    return called
  }

  const knownHosts = new Map<string, ReadonlySet<string>>()

  /** The hosts that are called only with the revised settings; the capture server stands for each of them. */
  async function newHostsCalled(
    { settings, revised }: { settings: JsonObject; revised: JsonObject },
    made: readonly AnyCreated[],
  ): Promise<readonly string[]> {
    const key = JSON.stringify(settings)
    const known = knownHosts.get(key) ?? (await exercise(settings, made, null))
    knownHosts.set(key, known)
    expect(known.size).toBeGreaterThan(0)
    const called = await exercise(revised, made, known)
    return [...called].filter((host) => !known.has(host))
  }

  async function reachesNewHost(name: string, made: readonly AnyCreated[]): Promise<boolean> {
    for (const settings of baselines()) {
      const [first] = revisions(settings, name)
      if (first !== undefined && (await newHostsCalled({ settings, ...first }, made)).length > 0) return true
    }
    return false
  }

  async function createOneOfEach(): Promise<readonly AnyCreated[]> {
    const made: AnyCreated[] = []
    for (const kind of kinds) {
      const driver = fixture.connection.provider.drivers[kind]
      if (driver === undefined) continue
      const subject = makeSubject(fixture, kind, driver as never)
      made.push({
        kind,
        ...(await subject.createObject()),
        nextIntent: (await subject.intent()) as never,
      } as AnyCreated)
    }
    return made
  }

  describe('endpoint settings', () => {
    it('are schema properties, and no other setting changes the endpoints', () => {
      expect(names).toEqual(expect.arrayContaining([...endpointSettings]))
      for (const name of names.filter((each) => !endpointSettings.includes(each)))
        for (const settings of baselines())
          for (const { revised } of revisions(settings, name))
            expect(provider.endpoints(revised)).toEqual(provider.endpoints(settings))
    })

    it.each(endpointSettings)('rejects a change of %s without new credentials', (name) => {
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
      'reaches another host after a change of each declared setting',
      async () => {
        const made = await createOneOfEach()
        const { unreachedEndpoints = [] } = fixture.harness
        const reached: string[] = []
        for (const name of endpointSettings) if (await reachesNewHost(name, made)) reached.push(name)
        expect([...reached, ...unreachedEndpoints].sort()).toEqual([...endpointSettings].sort())
        expect(capture.requests.length).toBeGreaterThan(0)
      },
      longMs,
    )

    it.each(names.filter((name) => !endpointSettings.includes(name)))(
      'sends nothing to another host after a change of %s',
      async (name) => {
        const made = await createOneOfEach()
        const before = capture.requests.length
        for (const settings of baselines())
          for (const { revised } of revisions(settings, name))
            expect(await newHostsCalled({ settings, revised }, made)).toEqual([])
        expect(capture.requests).toHaveLength(before)
      },
      longMs,
    )
  })
}

interface AnyCreated extends CreatedObject<Kind> {
  kind: Kind
  /** The intent of an object that does not exist yet. */
  nextIntent: CreatedObject<Kind>['intent']
}

/** Calls each method once; outcomes do not matter. */
async function callAll({ drivers, verify }: OpenProvider, made: readonly AnyCreated[]): Promise<void> {
  await Promise.allSettled([verify(signal), ...made.flatMap((each) => callsOf(drivers, each))])
  await Promise.allSettled(made.flatMap((each) => controlsOf(drivers, each)))
}

function callsOf(
  drivers: OpenProvider['drivers'],
  { kind, intent, nextIntent, remoteId }: AnyCreated,
): Promise<unknown>[] {
  const driver = drivers[kind] as never as NonNullable<OpenProvider['drivers']['job']>
  const spec = intent.spec as never
  return [
    driver.list({ cursor: null, watched: [remoteId] }, signal),
    driver.get(remoteId, signal),
    driver.find([intent as never], signal),
    driver.create(nextIntent as never, signal),
    driver.prepare?.(spec, intent.environmentRemoteId, signal),
    driver.update?.(remoteId, spec, signal),
    driver.logs?.(remoteId, null, signal),
    driver.access?.(remoteId, signal),
    driver.catalog?.(signal),
  ].filter((call) => call !== undefined)
}

function controlsOf(drivers: OpenProvider['drivers'], { kind, intent, remoteId }: AnyCreated): Promise<unknown>[] {
  const controls = Object.values(drivers[kind]?.controls ?? {})
  return controls.map((control) => control(remoteId, signal, intent.spec as never))
}
