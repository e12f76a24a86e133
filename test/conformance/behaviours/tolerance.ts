import { describe, expect, it } from 'vitest'
import type { Found, Observation } from '../../../src/providers/observation.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'
import type { Json } from '../../../src/vocabulary/json.ts'
import type { Kind } from '../../../src/vocabulary/kinds.ts'
import type { Subject } from '../subject.ts'
import { signal } from '../subject.ts'
import { altered, pathsIn, separator } from '../wire-tap.ts'

/** What a vendor might send in place of anything. */
const strangers: readonly Json[] = [null, '', 'x', 1e300, [null], {}]

/** What holds whatever a vendor leaves out of an answer, or sends in another type than it used to. */
export function describeTolerance<K extends Kind>(subject: Subject<K>): void {
  const { bench, harness } = subject

  /** Every place in the answers that a call of the driver reads. */
  async function placesIn(call: () => Promise<unknown>): Promise<ReadonlySet<string>> {
    const places = new Set<string>()
    // Thousands of looks at the same answers.
    bench.connection.tap.isReplaying = true
    bench.connection.tap.alter = (response) => {
      for (const place of pathsIn(response)) places.add(place)
      return response
    }
    await call()
    return places
  }

  /** What the call comes to; anything thrown but a ProviderError fails the test. */
  async function outcomeOf<T>(call: () => Promise<T>, what: string): Promise<T | 'failed'> {
    try {
      return await call()
    } catch (error) {
      expect(error, what).toBeInstanceOf(ProviderError)
      return 'failed'
    }
  }

  describe('tolerance', () => {
    it('never says absent because a field is missing', async () => {
      const { intent } = await subject.make()
      const find = () => subject.find(intent)
      for (const place of fieldsAmong(await placesIn(find), intent.correlationTag)) {
        bench.connection.tap.alter = altered(place)
        expect(await outcomeOf(find, place), `without ${place}`).not.toHaveProperty('absent')
      }
    })

    it('never says gone because a field is missing', async () => {
      const { intent, remoteId } = await subject.make()
      const get = () => subject.driver().get(remoteId, signal)
      for (const place of fieldsAmong(await placesIn(get), intent.correlationTag)) {
        bench.connection.tap.alter = altered(place)
        expect(await outcomeOf(get, place), `without ${place}`).not.toBe('gone')
      }
    })

    it.each(['get', 'list', 'find'] as const)(
      '%s shows a known state or none, whatever a field holds',
      async (method) => {
        const { intent, remoteId } = await subject.make()
        const driver = subject.driver()
        const calls = {
          get: async () => [await driver.get(remoteId, signal)],
          list: async () => (await driver.list({ cursor: null, watched: [remoteId] }, signal)).seen,
          find: async () => foundBy(await subject.find(intent)),
        }
        const call: () => Promise<readonly (Observation<K> | 'gone')[]> = calls[method]
        for (const [place, stranger] of pairsOf([...(await placesIn(call))], strangers)) {
          bench.connection.tap.alter = altered(place, stranger)
          expectKnown(await outcomeOf(call, place), place)
        }
      },
    )

    function expectKnown(seen: readonly (Observation<K> | 'gone')[] | 'failed', place: string) {
      const known: readonly (string | null)[] = [null, ...Object.values<string>(harness.states)]
      const shown = seen === 'failed' ? [] : seen.filter((each) => each !== 'gone')
      for (const { status, startedAt, endedAt } of shown) {
        expect(known, place).toContain(status)
        for (const at of [startedAt, endedAt]) expect(at?.getTime(), place).not.toBeNaN()
      }
    }
  })
}

/** Without the items of lists, and of maps by name: what is shorter shows less, and is right about it. */
function fieldsAmong(places: ReadonlySet<string>, correlationTag: string): readonly string[] {
  return [...places].filter((place) => {
    const last = place.split(separator).at(-1) ?? ''
    return !/^\d+$/.test(last) && !last.includes(correlationTag)
  })
}

function foundBy<K extends Kind>(said: Found<K>): readonly Observation<K>[] {
  return 'found' in said ? said.found : []
}

function pairsOf<A, B>(some: readonly A[], others: readonly B[]): (readonly [A, B])[] {
  return some.flatMap((each) => others.map((other) => [each, other] as const))
}
