import { describe, expect, it } from 'vitest'
import type { Found, Observation } from '../../../src/providers/observation.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'
import type { Json } from '../../../src/vocabulary/json.ts'
import type { Kind } from '../../../src/vocabulary/kinds.ts'
import type { Subject } from '../subject.ts'
import { signal } from '../subject.ts'
import { altered, pathsIn, separator } from '../wire-tap.ts'

/** Values that a vendor might send in place of any other. */
const unexpectedValues: readonly Json[] = [null, '', 'x', 1e300, [null], {}]

/** Responses with missing fields or fields of other types. */
export function describeTolerance<K extends Kind>(subject: Subject<K>): void {
  const { fixture, harness } = subject

  /** The path of every field in the responses that a driver call reads. */
  async function responsePathsOf(call: () => Promise<unknown>): Promise<ReadonlySet<string>> {
    const paths = new Set<string>()
    // Thousands of calls with the same responses.
    fixture.connection.tap.isReplaying = true
    fixture.connection.tap.alter = (response) => {
      for (const path of pathsIn(response)) paths.add(path)
      return response
    }
    await call()
    return paths
  }

  /** The result of the call, or `failed` after a ProviderError; any other error fails the test. */
  async function outcomeOf<T>(call: () => Promise<T>, context: string): Promise<T | 'failed'> {
    try {
      return await call()
    } catch (error) {
      expect(error, context).toBeInstanceOf(ProviderError)
      return 'failed'
    }
  }

  describe('unexpected responses', () => {
    it('does not report absence because of a missing field', async () => {
      const { intent } = await subject.createObject()
      const find = () => subject.find(intent)
      for (const path of fieldsIn(await responsePathsOf(find), intent.correlationTag)) {
        fixture.connection.tap.alter = altered(path)
        expect(await outcomeOf(find, path), `without ${path}`).not.toHaveProperty('absent')
      }
    })

    it('does not report gone because of a missing field', async () => {
      const { intent, remoteId } = await subject.createObject()
      const get = () => subject.driver().get(remoteId, signal)
      for (const path of fieldsIn(await responsePathsOf(get), intent.correlationTag)) {
        fixture.connection.tap.alter = altered(path)
        expect(await outcomeOf(get, path), `without ${path}`).not.toBe('gone')
      }
    })

    it.each(['get', 'list', 'find'] as const)('%s returns only known states for any field value', async (method) => {
      const { intent, remoteId } = await subject.createObject()
      const driver = subject.driver()
      const calls = {
        get: async () => [await driver.get(remoteId, signal)],
        list: async () => (await driver.list({ cursor: null, watched: [remoteId] }, signal)).seen,
        find: async () => foundBy(await subject.find(intent)),
      }
      const call: () => Promise<readonly (Observation<K> | 'gone')[]> = calls[method]
      for (const [path, value] of pairsOf([...(await responsePathsOf(call))], unexpectedValues)) {
        fixture.connection.tap.alter = altered(path, value)
        expectKnown(await outcomeOf(call, path), path)
      }
    })

    function expectKnown(seen: readonly (Observation<K> | 'gone')[] | 'failed', path: string) {
      const known: readonly (string | null)[] = [null, ...Object.values<string>(harness.states)]
      const shown = seen === 'failed' ? [] : seen.filter((each) => each !== 'gone')
      for (const { status, startedAt, endedAt } of shown) {
        expect(known, path).toContain(status)
        for (const at of [startedAt, endedAt]) expect(at?.getTime(), path).not.toBeNaN()
      }
    }
  })
}

/** Paths except items of arrays and of maps by name: a shorter list correctly shows less. */
function fieldsIn(paths: ReadonlySet<string>, correlationTag: string): readonly string[] {
  return [...paths].filter((path) => {
    const last = path.split(separator).at(-1) ?? ''
    return !/^\d+$/.test(last) && !last.includes(correlationTag)
  })
}

function foundBy<K extends Kind>(result: Found<K>): readonly Observation<K>[] {
  return 'found' in result ? result.found : []
}

function pairsOf<A, B>(some: readonly A[], others: readonly B[]): (readonly [A, B])[] {
  return some.flatMap((each) => others.map((other) => [each, other] as const))
}
