import { expect } from 'vitest'
import type { Driver } from '../../src/providers/driver.ts'
import { withDefaults } from '../../src/providers/field-rules.ts'
import type { Intent, PlannedRequest } from '../../src/providers/intent.ts'
import type { Observation } from '../../src/providers/observation.ts'
import { ProviderError } from '../../src/providers/provider-error.ts'
import type { ObjectView } from '../../src/sandbox/control.ts'
import type { Kind, Spec } from '../../src/vocabulary/kinds.ts'
import type { Connection, Fixture } from './fixture.ts'
import { driverOf } from './fixture.ts'
import type { KindHarness } from './harness.ts'

/** A created object. */
export interface CreatedObject<K extends Kind> {
  intent: Intent<K>
  remoteId: string
}

/** One kind of one provider under test. */
export interface Subject<K extends Kind> {
  readonly kind: K
  readonly fixture: Fixture
  readonly harness: KindHarness<K>
  /** The driver of a description, available before any test runs. It determines which tests are skipped. */
  readonly described: Driver<K>
  /** The driver of the test's own connection. */
  driver(): Driver<K>
  /** The intent of a create as the engine prepares it: defaults, a ready environment, `prepare`. */
  intent(spec?: Spec<K>): Promise<Intent<K>>
  /** Creates an object and returns its id, found by its correlation tag if the create does not return it. */
  createObject(spec?: Spec<K>): Promise<CreatedObject<K>>
  /** The plan of a create, with placeholders replaced by discovered values. */
  plan(intent: Intent<K>): PlannedRequest
  /** The search result of one intent. */
  find(intent: Intent<K>): ReturnType<typeof findOne<K>>
  /** The observation that a read returns. */
  observe(remoteId: string): Promise<Observation<K>>
  /** The sandbox's objects of this kind. */
  objects(): readonly ObjectView[]
  /** Forces a raw state of the object. */
  forceState(remoteId: string, rawState: string): void
  /** Reads every page of the list. */
  listAll(watched: readonly string[]): Promise<readonly Observation<K>[]>
}

export const { signal } = new AbortController()
const sendWithinMs = 5000
/** Longer than any transition in a sandbox. */
export const longMs = 20_000

let counter = 0
/** A unique name that every vendor accepts. */
export function uniqueName(): string {
  counter += 1
  return `cf-${counter}`
}

function uniqueTag(length: number): string {
  counter += 1
  return `m${counter.toString(36).padStart(length - 1, '0')}`
}

export function makeSubject<K extends Kind>(fixture: Fixture, kind: K, described: Driver<K>): Subject<K> {
  const harness = fixture.harness.kinds[kind] as unknown as KindHarness<K>
  const driver = () => fixture.connection.driver(kind)
  const find = (intent: Intent<K>) => findOne(driver(), intent)

  async function intent(spec = harness.spec(uniqueName(), fixture.account)): Promise<Intent<K>> {
    const filled = withDefaults(described.accepts, spec)
    const environmentRemoteId =
      described.environment === 'required' ? await readyEnvironment(fixture, fixture.connection) : null
    const before = (await driver().prepare?.(filled, environmentRemoteId, signal)) ?? null
    return {
      correlationTag: uniqueTag(described.tagLength),
      spec: filled,
      environmentRemoteId,
      before,
      ...attempt(fixture),
    }
  }

  async function createObject(spec?: Spec<K>): Promise<CreatedObject<K>> {
    const attempted = await intent(spec)
    const { remoteId } = await driver().create(attempted, signal)
    return { intent: attempted, remoteId: remoteId ?? onlyId(await find(attempted)) }
  }

  async function observe(remoteId: string): Promise<Observation<K>> {
    const seen = await driver().get(remoteId, signal)
    if (seen === 'gone') return expect.fail(`${remoteId} is gone`)
    return seen
  }

  async function listAll(watched: readonly string[]): Promise<readonly Observation<K>[]> {
    const observations: Observation<K>[] = []
    for (let cursor: string | null = null, pages = 0; pages < 50; pages++) {
      const { seen, next }: Awaited<ReturnType<Driver<K>['list']>> = await driver().list({ cursor, watched }, signal)
      observations.push(...seen)
      if (next === null) return observations
      cursor = next
    }
    return expect.fail('the list has no end')
  }

  return {
    kind,
    fixture,
    harness,
    described,
    driver,
    intent,
    createObject,
    find,
    observe,
    listAll,
    plan: (attempted) => {
      const settings = fixture.harness.planSettings?.(fixture.account) ?? {}
      return fixture.open({ settings }).driver(kind).plan(attempted)
    },
    objects: () => fixture.sandbox.objects(fixture.harness.sandbox).filter((each) => each.kind === harness.object),
    forceState: (remoteId, rawState) => {
      if (harness.forceState !== undefined) return harness.forceState(fixture.sandbox, remoteId, rawState)
      fixture.sandbox.force(fixture.harness.sandbox, remoteId, { state: rawState })
    },
  }
}

/** The deadline and time of one attempt. */
export function attempt(fixture: Fixture): Pick<Intent, 'sendBy' | 'firstSentAt'> {
  const at = new Date(fixture.now().getTime() + sendWithinMs)
  return { sendBy: { at, monotonicMs: fixture.monotonicMs() + sendWithinMs }, firstSentAt: fixture.now() }
}

async function findOne<K extends Kind>(driver: Driver<K>, intent: Intent<K>) {
  const found = (await driver.find([intent], signal)).get(intent.correlationTag)
  return found ?? expect.fail('find returned no result for the requested correlation tag')
}

/** The id of the only object found. */
export function onlyId(found: Awaited<ReturnType<typeof findOne>>): string {
  const [only, ...more] = 'found' in found ? found.found : []
  if (only === undefined || more.length > 0) return expect.fail(`expected one object: ${JSON.stringify(found)}`)
  return only.remoteId
}

/** Creates an environment in which jobs can run. As the engine does, sends in an update what the create cannot contain. */
async function readyEnvironment({ harness, account }: Fixture, { provider }: Connection): Promise<string> {
  const driver = driverOf(provider, 'environment')
  const spec = harness.kinds.environment?.spec(uniqueName(), account)
  if (spec === undefined) return expect.fail('a harness with jobs that need an environment must define environments')
  const sendBy = { at: new Date(8.64e15), monotonicMs: Number.POSITIVE_INFINITY }
  const request = { correlationTag: uniqueTag(driver.tagLength), spec, environmentRemoteId: null, before: null }
  const { remoteId } = await driver.create({ ...request, sendBy, firstSentAt: new Date(0) }, signal)
  if (remoteId === null) return expect.fail('expected the create of an environment to return an id')
  const seen = await driver.get(remoteId, signal)
  if (seen !== 'gone' && driver.needsUpdate?.(spec, { ...seen, payload: seen.payload() }))
    await driver.update?.(remoteId, spec, signal)
  return remoteId
}

/** The ProviderError that a promise rejects with; anything else fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    (value) => expect.fail(`unexpected success: ${JSON.stringify(value)}`),
    (cause: unknown) => cause,
  )
  expect(error).toBeInstanceOf(ProviderError)
  return error as ProviderError
}

/** Every text and number in a request; each text also decoded as Base64. */
export function textsIn(request: unknown): string[] {
  if (typeof request === 'number') return [String(request)]
  if (typeof request === 'string') return [request, Buffer.from(request, 'base64').toString('utf8')]
  if (typeof request !== 'object' || request === null) return []
  return Object.values(request).flatMap(textsIn)
}

/** Rejects after 100 ms. A busy machine delays the promise and the timer alike. */
export function within100Ms<T>(promise: Promise<T>): Promise<T> {
  const timeout = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error('it took longer than 100 ms')), 100)
  })
  return Promise.race([promise, timeout])
}

/** ` [skipped: …]`, to be appended to a title if a capability is missing. */
export function skipNote(capability: unknown): string {
  return typeof capability === 'string' ? ` [skipped: ${capability}]` : ''
}

export const isMissing = (capability: unknown): capability is string => typeof capability === 'string'
