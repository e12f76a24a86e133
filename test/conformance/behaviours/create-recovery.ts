import { describe, expect, it } from 'vitest'
import type { FaultInput } from '../../../src/sandbox/faults.ts'
import type { Kind } from '../../../src/vocabulary/kinds.ts'
import { isMissing, onlyId, type Subject, signal, skipNote } from '../subject.ts'

const faults: readonly (readonly [string, Omit<FaultInput, 'operation'>])[] = [
  ['an HTTP 503', { kind: 'error_before', status: 503 }],
  ['a lost response', { kind: 'drop_answer' }],
  ['a rate limit', { kind: 'rate_limited' }],
  ['an error with HTTP 200', { kind: 'error_body' }],
  ["a proxy's page", { kind: 'html_body', status: 200 }],
  ['a truncated response', { kind: 'truncated_json' }],
  ['an empty response', { kind: 'empty_body' }],
]

/** The search for correlation tags: above all, a reported absence must be true. */
export function describeCreateRecovery<K extends Kind>(subject: Subject<K>): void {
  const { fixture, harness } = subject
  const { lists } = harness.operations

  describe('create recovery', () => {
    it('finds a created object by its correlation tag', async () => {
      const { intent, remoteId } = await subject.createObject()
      expect(await subject.find(intent)).toMatchObject({ found: [{ remoteId, correlationTag: intent.correlationTag }] })
    })

    it('returns the same state as a read', async () => {
      const { intent, remoteId } = await subject.createObject()
      const { status, rawState } = await subject.observe(remoteId)
      expect(await subject.find(intent)).toMatchObject({ found: [{ status, rawState }] })
    })

    it('reports absence for an intent that was never sent', async () => {
      await subject.createObject()
      expect(await subject.find(await subject.intent())).toEqual({ absent: true })
    })

    it('resolves created and never-sent intents in one call', async () => {
      const made = [await subject.createObject(), await subject.createObject(), await subject.createObject()]
      const neverSent = [await subject.intent(), await subject.intent()]
      const intents = [...made.map(({ intent }) => intent), ...neverSent]
      const found = await subject.driver().find(intents, signal)
      expect([...found.keys()].sort()).toEqual(intents.map(({ correlationTag }) => correlationTag).sort())
      for (const { intent, remoteId } of made)
        expect(found.get(intent.correlationTag)).toMatchObject({ found: [{ remoteId }] })
      for (const { correlationTag } of neverSent) expect(found.get(correlationTag)).toEqual({ absent: true })
    })

    it.skipIf(isMissing(harness.batchedFind))(
      `uses the same number of list calls for many intents as for one${skipNote(harness.batchedFind)}`,
      async () => {
        const intents = [await subject.intent(), await subject.intent(), await subject.intent()]
        const listed = () => lists.reduce((sum, operation) => sum + fixture.calls(operation), 0)
        const before = listed()
        await subject.driver().find(intents.slice(0, 1), signal)
        const forOne = listed() - before
        await subject.driver().find(intents, signal)
        expect(listed() - before).toBe(2 * forOne)
      },
    )

    describe.each(lists)('%s', (operation) => {
      it.each(faults)('does not report absence after %s', async (_name, fault) => {
        const intent = await subject.intent()
        fixture.sandbox.faults.add({ ...fault, operation })
        const outcome = await subject.find(intent).catch((error: unknown) => error)
        expect(fixture.sandbox.faults.fired.length).toBeGreaterThan(0)
        expect(outcome).not.toHaveProperty('absent')
      })
    })

    const skipped = skipNote(harness.multiPageCount) || skipNote(harness.batchedFind)
    it.skipIf(skipped !== '')(
      `reads every page and does not report absence if a later page fails${skipped}`,
      async () => {
        const [first] = await createMany(subject)
        const neverSent = await subject.intent()
        const intents = [first.intent, neverSent]
        // The first object is on the first or the last page, depending on the sort order.
        const found = await subject.driver().find(intents, signal)
        expect(onlyId(found.get(first.intent.correlationTag) ?? { absent: true })).toBe(first.remoteId)
        expect(found.get(neverSent.correlationTag)).toEqual({ absent: true })
        const [operation = ''] = lists
        fixture.sandbox.faults.add({ kind: 'error_before', status: 503, operation, skip: 1 })
        const outcome = await subject
          .driver()
          .find(intents, signal)
          .then((found) => found.get(neverSent.correlationTag))
          .catch((error: unknown) => error)
        expect(fixture.sandbox.faults.fired).toHaveLength(1)
        expect(outcome).not.toHaveProperty('absent')
      },
    )
  })
}

/** Creates more objects than fit on one page. */
export async function createMany<K extends Kind>(subject: Subject<K>) {
  const count = Number(subject.harness.multiPageCount)
  const made: Awaited<ReturnType<Subject<K>['createObject']>>[] = [await subject.createObject()]
  while (made.length < count) {
    const batch = Array.from({ length: Math.min(8, count - made.length) }, () => subject.createObject())
    made.push(...(await Promise.all(batch)))
  }
  return made as [(typeof made)[number], ...typeof made]
}
