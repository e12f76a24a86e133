import { describe, expect, it } from 'vitest'
import type { FaultInput } from '../../../src/sandbox/faults.ts'
import type { Kind } from '../../../src/vocabulary/kinds.ts'
import { isMissing, onlyId, type Subject, signal, whyNot } from '../subject.ts'

const troubles: readonly (readonly [string, Omit<FaultInput, 'operation'>])[] = [
  ['fails', { kind: 'error_before', status: 503 }],
  ['is lost', { kind: 'drop_answer' }],
  ['is refused for being one too many', { kind: 'rate_limited' }],
  ['is an error with HTTP 200', { kind: 'error_body' }],
  ["is a proxy's page", { kind: 'html_body', status: 200 }],
  ['is cut off', { kind: 'truncated_json' }],
  ['has no body', { kind: 'empty_body' }],
]

/** What a search for correlation tags promises: above all that "absent" is true. */
export function describeCreateRecovery<K extends Kind>(subject: Subject<K>): void {
  const { bench, harness } = subject
  const { lists } = harness.operations

  describe('finding', () => {
    it('finds by its correlation tag what was made', async () => {
      const { intent, remoteId } = await subject.make()
      expect(await subject.find(intent)).toMatchObject({ found: [{ remoteId, correlationTag: intent.correlationTag }] })
    })

    it('shows of what it found what a read shows', async () => {
      const { intent, remoteId } = await subject.make()
      const { status, rawState } = await subject.look(remoteId)
      expect(await subject.find(intent)).toMatchObject({ found: [{ status, rawState }] })
    })

    it('says absent of what was never made, whatever else is there', async () => {
      await subject.make()
      expect(await subject.find(await subject.intent())).toEqual({ absent: true })
    })

    it('reports many intents in one call, those that were made and those that were not', async () => {
      const made = [await subject.make(), await subject.make(), await subject.make()]
      const never = [await subject.intent(), await subject.intent()]
      const intents = [...made.map(({ intent }) => intent), ...never]
      const found = await subject.driver().find(intents, signal)
      expect([...found.keys()].sort()).toEqual(intents.map(({ correlationTag }) => correlationTag).sort())
      for (const { intent, remoteId } of made)
        expect(found.get(intent.correlationTag)).toMatchObject({ found: [{ remoteId }] })
      for (const { correlationTag } of never) expect(found.get(correlationTag)).toEqual({ absent: true })
    })

    it.skipIf(isMissing(harness.oneWalk))(
      `reads the list for many intents as often as for one${whyNot(harness.oneWalk)}`,
      async () => {
        const intents = [await subject.intent(), await subject.intent(), await subject.intent()]
        const listed = () => lists.reduce((sum, operation) => sum + bench.calls(operation), 0)
        const before = listed()
        await subject.driver().find(intents.slice(0, 1), signal)
        const forOne = listed() - before
        await subject.driver().find(intents, signal)
        expect(listed() - before).toBe(2 * forOne)
      },
    )

    describe.each(lists)('when %s', (operation) => {
      it.each(troubles)('%s, nothing is said to be absent', async (_name, trouble) => {
        const intent = await subject.intent()
        bench.sandbox.faults.add({ ...trouble, operation })
        const said = await subject.find(intent).catch((error: unknown) => error)
        expect(bench.sandbox.faults.fired.length).toBeGreaterThan(0)
        expect(said).not.toHaveProperty('absent')
      })
    })

    const lack = whyNot(harness.moreThanAPage) || whyNot(harness.oneWalk)
    it.skipIf(lack !== '')(
      `reads page after page, and does not say absent when a later one is lost${lack}`,
      async () => {
        const [first] = await makeMany(subject)
        const never = await subject.intent()
        const intents = [first.intent, never]
        // The first stands at one end of the list, whichever end that begins with.
        const both = await subject.driver().find(intents, signal)
        expect(onlyId(both.get(first.intent.correlationTag) ?? { absent: true })).toBe(first.remoteId)
        expect(both.get(never.correlationTag)).toEqual({ absent: true })
        const [operation = ''] = lists
        bench.sandbox.faults.add({ kind: 'error_before', status: 503, operation, skip: 1 })
        const said = await subject
          .driver()
          .find(intents, signal)
          .then((found) => found.get(never.correlationTag))
          .catch((error: unknown) => error)
        expect(bench.sandbox.faults.fired).toHaveLength(1)
        expect(said).not.toHaveProperty('absent')
      },
    )
  })
}

/** As many objects as are more than one page. */
export async function makeMany<K extends Kind>(subject: Subject<K>) {
  const count = Number(subject.harness.moreThanAPage)
  const made: Awaited<ReturnType<Subject<K>['make']>>[] = [await subject.make()]
  while (made.length < count) {
    const some = Array.from({ length: Math.min(8, count - made.length) }, () => subject.make())
    made.push(...(await Promise.all(some)))
  }
  return made as [(typeof made)[number], ...typeof made]
}
