import { describe, expect, it } from 'vitest'
import type { Control } from '../../../src/providers/driver.ts'
import type { Kind } from '../../../src/vocabulary/kinds.ts'
import { isMissing, type Subject, signal, whyNot } from '../subject.ts'
import { withUnheardOfFields } from '../wire-tap.ts'

/** What a read of one object promises. */
export function describeObservation<K extends Kind>(subject: Subject<K>): void {
  const { bench, harness, described } = subject
  const states = Object.entries<string>(harness.states)
  const unshown = harness.unshown ?? {}

  describe('observation', () => {
    it('knows the states of the documents, and no others', () => {
      expect(described.states).toEqual(harness.states)
    })

    for (const [rawState, status] of states) {
      const reason = unshown[rawState]
      it.skipIf(isMissing(reason))(`reads ${rawState} as ${status}${whyNot(reason)}`, async () => {
        const { remoteId } = await subject.make()
        subject.show(remoteId, rawState)
        expect(await subject.look(remoteId)).toMatchObject({ remoteId, rawState, status })
      })
    }

    it.skipIf(isMissing(harness.unknownState))(
      `keeps the word of a state that nobody has heard of, and makes no status of it${whyNot(harness.unknownState)}`,
      async () => {
        const { remoteId, intent } = await subject.make()
        for (const word of ['HIBERNATING', 'constructor', 'toString']) {
          subject.show(remoteId, word)
          expect(await subject.look(remoteId)).toMatchObject({ status: null, rawState: word })
        }
        expect(await subject.find(intent)).toMatchObject({ found: [{ remoteId, status: null }] })
      },
    )

    it('says gone of an id that nobody has', async () => {
      const { remoteId } = await subject.make()
      expect(await subject.driver().get(harness.missingId(remoteId), signal)).toBe('gone')
    })

    it('makes no path to somewhere else of an id that is none', async () => {
      const { remoteId } = await subject.make()
      const driver = subject.driver()
      const { tap } = bench.connection
      const known = tap.requests.length
      const strange = ['..', '%2e%2e', `../${remoteId}`, `${remoteId}/x`, `${remoteId}?x`, `${remoteId},${remoteId}`]
      for (const id of strange) {
        const verbs = Object.values<Control<K> | undefined>(driver.controls)
        await Promise.allSettled([driver.get(id, signal), ...verbs.map((verb) => verb?.(id, signal))])
      }
      const targets = tap.requests.slice(known).map(({ target }) => decodeURIComponent(target))
      expect(targets.filter((target) => strange.some((id) => target.includes(id)))).toEqual([])
    })

    it('says gone of what was deleted behind its back', async () => {
      const { remoteId } = await subject.make()
      bench.sandbox.remove(bench.harness.sandbox, harness.objectId?.(remoteId) ?? remoteId)
      expect(await subject.driver().get(remoteId, signal)).toBe('gone')
    })

    it("does not say gone for a proxy's 404", async () => {
      const { remoteId } = await subject.make()
      bench.sandbox.faults.add({ kind: 'html_body', status: 404, executes: false })
      const said = await subject
        .driver()
        .get(remoteId, signal)
        .catch((error: unknown) => error)
      expect(said).not.toBe('gone')
      expect(said).toBeInstanceOf(Error)
    })

    it('does not mind fields that it has never heard of', async () => {
      const { intent, remoteId } = await subject.make()
      const { payload: _, ...plain } = await subject.look(remoteId)
      bench.connection.tap.alter = withUnheardOfFields
      const { payload, ...seen } = await subject.look(remoteId)
      expect(seen).toEqual(plain)
      expect(JSON.stringify(payload())).toContain('unheardOf')
      expect(await subject.find(intent)).toMatchObject({ found: [{ remoteId, status: plain.status }] })
      expect((await subject.listAll([remoteId])).map((each) => each.remoteId)).toEqual([remoteId])
    })

    it('dates nothing before it was made nor after now', async () => {
      const { remoteId } = await subject.make()
      const madeAt = bench.now().getTime()
      bench.advance(10_000)
      const { startedAt, endedAt } = await subject.look(remoteId)
      for (const at of [startedAt, endedAt]) {
        if (at === undefined) continue
        // Vendors that print whole seconds cut off what is less.
        expect(at.getTime()).toBeGreaterThanOrEqual(madeAt - 1000)
        expect(at.getTime()).toBeLessThanOrEqual(bench.now().getTime())
      }
    })
  })
}
