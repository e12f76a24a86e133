import { expect } from 'vitest'
import type { Driver } from '../../src/providers/driver.ts'
import { withDefaults } from '../../src/providers/field-rules.ts'
import type { Intent, PlannedRequest } from '../../src/providers/intent.ts'
import type { Observation } from '../../src/providers/observation.ts'
import { ProviderError } from '../../src/providers/provider-error.ts'
import type { ObjectView } from '../../src/sandbox/control.ts'
import type { Kind, Spec } from '../../src/vocabulary/kinds.ts'
import type { Bench, Connection } from './bench.ts'
import { driverOf } from './bench.ts'
import type { KindHarness } from './harness.ts'

/** One object that was made. */
export interface Made<K extends Kind> {
  intent: Intent<K>
  remoteId: string
}

/** One kind of one provider under test. */
export interface Subject<K extends Kind> {
  readonly kind: K
  readonly bench: Bench
  readonly harness: KindHarness<K>
  /** As its code shows it before anything runs: what is skipped depends on it. */
  readonly described: Driver<K>
  /** The driver of the test's own connection. */
  driver(): Driver<K>
  /** Everything that the engine does before a create: defaults, a ready environment, `prepare`. */
  intent(spec?: Spec<K>): Promise<Intent<K>>
  /** Makes an object and tells its id, found by its correlation tag where the create does not. */
  make(spec?: Spec<K>): Promise<Made<K>>
  /** The plan of a create, with what the driver would discover filled in. */
  plan(intent: Intent<K>): PlannedRequest
  /** What a search says of one intent. */
  find(intent: Intent<K>): ReturnType<typeof findOne<K>>
  /** The object as a read shows it. */
  look(remoteId: string): Promise<Observation<K>>
  /** The sandbox's objects of this kind. */
  objects(): readonly ObjectView[]
  /** Makes the object show a raw state. */
  show(remoteId: string, rawState: string): void
  /** Every page of the list. */
  listAll(watched: readonly string[]): Promise<readonly Observation<K>[]>
}

export const { signal } = new AbortController()
const sendWithinMs = 5000
/** Far beyond what a sandbox takes for anything. */
export const longMs = 20_000

let drawn = 0
/** Within every vendor's rules, and no two alike. */
export function freshName(): string {
  drawn += 1
  return `cf-${drawn}`
}

function freshMark(length: number): string {
  drawn += 1
  return `m${drawn.toString(36).padStart(length - 1, '0')}`
}

export function makeSubject<K extends Kind>(bench: Bench, kind: K, described: Driver<K>): Subject<K> {
  const harness = bench.harness.kinds[kind] as unknown as KindHarness<K>
  const driver = () => bench.connection.driver(kind)
  const find = (intent: Intent<K>) => findOne(driver(), intent)

  async function intent(spec = harness.spec(freshName(), bench.account)): Promise<Intent<K>> {
    const filled = withDefaults(described.accepts, spec)
    const environmentRemoteId =
      described.environment === 'required' ? await readyEnvironment(bench, bench.connection) : null
    const before = (await driver().prepare?.(filled, environmentRemoteId, signal)) ?? null
    return {
      correlationTag: freshMark(described.tagLength),
      spec: filled,
      environmentRemoteId,
      before,
      ...attempt(bench),
    }
  }

  async function make(spec?: Spec<K>): Promise<Made<K>> {
    const tried = await intent(spec)
    const { remoteId } = await driver().create(tried, signal)
    return { intent: tried, remoteId: remoteId ?? onlyId(await find(tried)) }
  }

  async function look(remoteId: string): Promise<Observation<K>> {
    const seen = await driver().get(remoteId, signal)
    if (seen === 'gone') return expect.fail(`${remoteId} is gone`)
    return seen
  }

  async function listAll(watched: readonly string[]): Promise<readonly Observation<K>[]> {
    const all: Observation<K>[] = []
    for (let cursor: string | null = null, pages = 0; pages < 50; pages++) {
      const { seen, next }: Awaited<ReturnType<Driver<K>['list']>> = await driver().list({ cursor, watched }, signal)
      all.push(...seen)
      if (next === null) return all
      cursor = next
    }
    return expect.fail('the list has no end')
  }

  return {
    kind,
    bench,
    harness,
    described,
    driver,
    intent,
    make,
    find,
    look,
    listAll,
    plan: (tried) => {
      const settings = bench.harness.planSettings?.(bench.account) ?? {}
      return bench.open({ settings }).driver(kind).plan(tried)
    },
    objects: () => bench.sandbox.objects(bench.harness.sandbox).filter((each) => each.kind === harness.object),
    show: (remoteId, rawState) => {
      if (harness.show !== undefined) return harness.show(bench.sandbox, remoteId, rawState)
      bench.sandbox.force(bench.harness.sandbox, remoteId, { state: rawState })
    },
  }
}

/** What concerns the try itself. */
export function attempt(bench: Bench): Pick<Intent, 'sendBy' | 'firstSentAt'> {
  const at = new Date(bench.now().getTime() + sendWithinMs)
  return { sendBy: { at, monotonicMs: bench.monotonicMs() + sendWithinMs }, firstSentAt: bench.now() }
}

async function findOne<K extends Kind>(driver: Driver<K>, intent: Intent<K>) {
  const found = (await driver.find([intent], signal)).get(intent.correlationTag)
  return found ?? expect.fail('find says nothing about a mark that it was asked for')
}

/** The id of the one object that was found. */
export function onlyId(found: Awaited<ReturnType<typeof findOne>>): string {
  const [only, ...more] = 'found' in found ? found.found : []
  if (only === undefined || more.length > 0) return expect.fail(`one object should be found: ${JSON.stringify(found)}`)
  return only.remoteId
}

/** An environment in which jobs can run: what the create could not carry is brought by an update, as the engine does. */
async function readyEnvironment({ harness, account }: Bench, { provider }: Connection): Promise<string> {
  const driver = driverOf(provider, 'environment')
  const spec = harness.kinds.environment?.spec(freshName(), account)
  if (spec === undefined) return expect.fail('jobs that need an environment need a harness of environments')
  const sendBy = { at: new Date(8.64e15), monotonicMs: Number.POSITIVE_INFINITY }
  const given = { correlationTag: freshMark(driver.tagLength), spec, environmentRemoteId: null, before: null }
  const { remoteId } = await driver.create({ ...given, sendBy, firstSentAt: new Date(0) }, signal)
  if (remoteId === null) return expect.fail('an environment of a provider that needs one has an id at once')
  const seen = await driver.get(remoteId, signal)
  if (seen !== 'gone' && driver.needsUpdate?.(spec, { ...seen, payload: seen.payload() }))
    await driver.update?.(remoteId, spec, signal)
  return remoteId
}

/** The ProviderError that a promise rejects with; anything else fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    (value) => expect.fail(`it succeeded: ${JSON.stringify(value)}`),
    (cause: unknown) => cause,
  )
  expect(error).toBeInstanceOf(ProviderError)
  return error as ProviderError
}

/** Every text and number in a request, and what a text is if it is Base64. */
export function textsIn(request: unknown): string[] {
  if (typeof request === 'number') return [String(request)]
  if (typeof request === 'string') return [request, Buffer.from(request, 'base64').toString('utf8')]
  if (typeof request !== 'object' || request === null) return []
  return Object.values(request).flatMap(textsIn)
}

/** What comes within 100 ms; a busy machine delays both, so nothing but waiting for something loses. */
export function soon<T>(promise: Promise<T>): Promise<T> {
  const late = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error('it took longer than 100 ms')), 100)
  })
  return Promise.race([promise, late])
}

/** ` (skipped: …)` behind a title, where a capability is missing. */
export function whyNot(capability: unknown): string {
  return typeof capability === 'string' ? ` [skipped: ${capability}]` : ''
}

export const isMissing = (capability: unknown): capability is string => typeof capability === 'string'
